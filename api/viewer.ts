import type { Role } from './roles.ts'

/** Who asks. */
export interface Viewer {
  /** How they showed who they are; `operator` has the token of the data directory, or the directory itself. */
  readonly as: 'account' | 'token' | 'operator'
  readonly name: string
  readonly role: Role
  /** Of a duty room: all that it sees. Absent: everything. */
  readonly sites?: readonly string[]
  /** Where they ask from; absent where that is this machine's command line. */
  readonly address?: string
}

export const operator: Viewer = { as: 'operator', name: 'operator', role: 'admin' }

export const seesSite = ({ sites }: Viewer, site: string) => sites === undefined || sites.includes(site)
