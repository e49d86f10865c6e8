import type { Role } from './roles.ts'

/** The user who makes a request. */
export interface Viewer {
  /** How the user was identified; `operator` has the token of the data directory, or the directory itself. */
  readonly as: 'account' | 'token' | 'operator'
  readonly name: string
  readonly role: Role
  /** For a duty room, all the sites it sees. Absent: everything. */
  readonly sites?: readonly string[]
  /** Network address of the request; absent for this machine's command line. */
  readonly address?: string
}

export const operator: Viewer = { as: 'operator', name: 'operator', role: 'admin' }

export const seesSite = ({ sites }: Viewer, site: string) => sites === undefined || sites.includes(site)
