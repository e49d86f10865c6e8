import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { FlowQuestion } from '../../flow/question.ts'
import type { Operations } from '../operations/operations.ts'
import type { Viewer } from '../viewer.ts'
import type { AuditLog } from './audit-log.ts'
import { onRecord } from './on-record.ts'

interface Recorded<N extends keyof Operations> {
  /** The action and its target, recorded before it is done; undefined if it changes and reveals nothing. */
  readonly begins: (...given: Parameters<Operations[N]>) => readonly [action: string, target: string] | undefined
  /** The target according to the answer; undefined if nothing was changed. If left out, the target recorded at the beginning. */
  readonly ends?: (answer: Awaited<ReturnType<Operations[N]>>, ...given: Parameters<Operations[N]>) => string | undefined
} // biome-ignore format: long lines

/**
 * `looks`: it changes nothing, and reveals only counts and settings. `history`: who did it is stored with the change
 * itself, in the same transaction.
 */
export type Rule<N extends keyof Operations> = Recorded<N> | 'looks' | 'history'

const longest = 500
const picture = ({ device, event }: { device: string; event: string }) => `${device}/${event}`
const named = (value: unknown, member: string) => {
  const name = (Object(value) as Record<string, unknown>)[member]
  return typeof name === 'string' ? name.slice(0, 64) : '(no name)'
}
/** Also accepts a number that is not a valid time: refusing it is up to the operation, not to its record. */
const timeOf = (ms: number) => (Math.abs(ms) <= 8.64e15 ? formatRfc3339(ms) : String(ms))
const listed = (parts: Readonly<Record<string, unknown>>) =>
  Object.entries(parts).flatMap(([name, value]) => (value === undefined || value === false ? [] : [`, ${name} ${Array.isArray(value) ? value.join('|') : value}`])).join('') // biome-ignore format: one line

const flowWords = ({ measure, from, to, by, where = {}, ...others }: FlowQuestion) =>
  `${measure} from ${from} to ${to} by ${by.join(', ') || 'nothing'}${listed(where)}${listed({ ...others })}`

/** Rules for recording each operation. One that is missing here does not compile: say what it does. */
export const auditRules: { readonly [N in keyof Operations]: Rule<N> } = {
  listPoints: 'looks',
  addDevice: {
    begins: device => ['device.add', named(device, 'device')],
    ends: ({ device, outcome }) => (outcome === 'unchanged' ? undefined : `${device} ${outcome}`),
  },
  announceDevice: {
    begins: announced => ['device.announce', named(announced, 'device')],
    ends: ({ outcome }, announced) =>
      outcome === 'enrolled' || outcome === 'moved'
        ? `${named(announced, 'device')} ${outcome}, for the gateway ${named(announced, 'gateway')}`
        : undefined,
  },
  importDevices: {
    begins: (_, options) => (options?.dryRun ? undefined : ['device.import', 'a list']),
    ends: ({ enrolled, moved }) =>
      enrolled + moved === 0 ? undefined : `${enrolled} enrolled, ${moved} moved`,
  },
  listDevices: 'looks',
  showDevice: 'looks',
  listUnknown: 'looks',
  removeDevice: {
    begins: device => ['device.remove', device],
    ends: ({ device, outcome, events }) => `${device} ${outcome}, ${events} events`,
  },
  rotateToken: { begins: device => ['device.rotate', device] },
  setEnabled: { begins: (device, enabled) => [enabled ? 'device.enable' : 'device.disable', device] },
  regions: 'looks',
  setRegions: {
    begins: (device, regions) => [regions === undefined ? 'regions.clear' : 'regions.set', device],
  },
  listSnapshots: 'looks',
  showSnapshot: 'looks',
  readSnapshot: { begins: key => ['snapshot.view', picture(key)] },
  readOriginal: { begins: key => ['snapshot.original', picture(key)] },
  holdSnapshot: {
    begins: (key, { until, reason }) => [
      'snapshot.hold',
      `${picture(key)} until ${timeOf(until)}: ${reason}`,
    ],
  },
  releaseSnapshot: { begins: key => ['snapshot.release', picture(key)] },
  flow: {
    begins: (question, file) =>
      file === undefined ? undefined : ['flow.export', `${flowWords(question)} as ${file}`],
  },
  exportRows: {
    begins: ({ kind, from, to, format, where = {}, columns, cursor, limit, zone }) => [
      'rows.export',
      `${kind} from ${from} to ${to} as ${format}${listed(where)}${listed({ zone, columns, limit, cursor })}`,
    ],
  },
  backfill: {
    begins: ({ file, before, rows, dryRun }) =>
      dryRun
        ? undefined
        : ['events.backfill', `${file.name} ${file.hash} rows ${before + 1} to ${before + rows.length}`],
    ends: ({ known }, { file, before, rows }) =>
      known === rows.length
        ? undefined
        : `${file.name} ${file.hash} rows ${before + known + 1} to ${before + rows.length}`,
  },
  ledger: 'looks',
  listAlerts: 'looks',
  showAlert: 'looks',
  actOnAlert: 'history',
  alertReport: 'looks',
  listSnoozes: 'looks',
  addSnooze: {
    begins: ({ why, rule = 'all rules', place, until }) => [
      'snooze.add',
      `${why} of ${rule} at ${Object.values(place).join(' ') || 'all places'} until ${timeOf(until)}`,
    ],
  },
  removeSnooze: { begins: id => ['snooze.remove', id] },
  listChannels: 'looks',
  testChannel: { begins: name => ['channel.test', name] },
  listParked: { begins: limit => ['parked.list', `the latest ${limit}`] },
  showParked: { begins: key => ['parked.show', String(key)] },
  replayParked: {
    begins: key => ['parked.replay', String(key)],
    ends: (outcome, key) => `${key} ${outcome}`,
  },
  dropParked: { begins: key => ['parked.drop', String(key)] },
  retention: 'looks',
  listDeletions: 'looks',
  verifyRetention: 'looks',
  eraseRows: {
    begins: ({ of, before }) => ['rows.erase', `${JSON.stringify(of)} before ${timeOf(before)}`],
    ends: (deletions, { of, before }) =>
      `${JSON.stringify(of)} before ${timeOf(before)}: ${deletions.reduce((sum, { rows }) => sum + rows, 0)} rows`,
  },
  allowDeletion: {
    begins: kind => ['retention.allow', String(kind)],
    ends: ({ kind, expected, before }) => `${expected} rows of ${kind} before ${timeOf(before)}`,
  },
  status: 'looks',
  overview: 'looks',
  trustClock: {
    begins: () => ['clock.trust', 'the time that is said'],
    ends: ({ at }) => timeOf(at),
  },
  rulesAt: 'looks',
  rulesDocument: 'looks',
  setRules: {
    begins: (_, options) =>
      options?.dryRun ? undefined : ['rules.set', `in place of version ${options?.expected ?? 'any'}`],
    ends({ version, changes }) {
      if (changes.length === 0) return undefined
      const told = changes.map(
        ({ at, after }) => `${at} ${after === undefined ? 'unset' : JSON.stringify(after)}`,
      )
      return `version ${version}: ${told.join(', ')}`
    },
  },
  rulesHistory: 'looks',
  listUsers: 'looks',
  addUser: { begins: user => ['account.add', `${named(user, 'name')} ${named(user, 'role')}`] },
  inviteUser: { begins: (name = 'the first admin') => ['account.invite', name] },
  setUserEnabled: { begins: (name, enabled) => [enabled ? 'account.enable' : 'account.disable', name] },
  removeUser: { begins: name => ['account.remove', name] },
  listTokens: 'looks',
  createToken: { begins: token => ['token.create', `${named(token, 'name')} ${named(token, 'role')}`] },
  revokeToken: { begins: name => ['token.revoke', name] },
  listAudit: 'looks',
  verifyAudit: 'looks',
}

/** The same operations, recorded under the user's name. */
export function audited(
  operations: Operations,
  { as, name: who, address = '' }: Viewer,
  audit: AuditLog,
): Operations {
  type Call = (...given: unknown[]) => Promise<unknown>
  type AnyRule = {
    begins: (...given: unknown[]) => readonly [string, string] | undefined
    ends?: (answer: unknown, ...given: unknown[]) => string | undefined
  }
  const wrapped = Object.entries(auditRules as Record<string, unknown>).flatMap(([operation, rule]) => {
    if (typeof rule === 'string') return []
    const { begins, ends } = rule as AnyRule
    const call: Call = async (...given) => {
      const act = () => (operations[operation as keyof Operations] as Call)(...given)
      const begun = begins(...given)
      if (begun === undefined) return act()
      const [action, target] = begun
      const told = (answer: unknown) =>
        (ends === undefined ? target : ends(answer, ...given))?.slice(0, longest)
      return onRecord(audit, { as, who, action, target: target.slice(0, longest), address }, act, told)
    }
    return [[operation, call] as const]
  })
  return { ...operations, ...Object.fromEntries(wrapped) }
}
