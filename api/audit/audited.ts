import type { Operations } from '../operations/operations.ts'
import type { Viewer } from '../viewer.ts'
import type { AuditLog } from './audit-log.ts'
import type { Deed } from './chain.ts'

type Told = readonly [action: string, target: string, by?: Pick<Deed, 'as' | 'who'>]
type Rules = {
  [N in keyof Operations]?: (
    given: Parameters<Operations[N]>,
    answer: Awaited<ReturnType<Operations[N]>>,
  ) => Told | undefined
}

const picture = ({ device, event }: { device: string; event: string }) => `${device}/${event}`

/** What goes on record, once it is done and before its answer is given. Questions that only count do not, unless their answer goes into a file. */
const rules: Rules = {
  addDevice: (_, { device, outcome }) =>
    outcome === 'unchanged' ? undefined : ['device.add', `${device} ${outcome}`],
  announceDevice([announced], { outcome }) {
    const { gateway, device } = Object(announced) as { gateway: string; device: string }
    if (outcome !== 'enrolled' && outcome !== 'moved') return undefined
    return ['device.announce', `${device} ${outcome}`, { as: 'gateway', who: gateway }]
  },
  importDevices: (_, { enrolled, moved }) =>
    enrolled + moved === 0 ? undefined : ['device.import', `${enrolled} enrolled, ${moved} moved`],
  rotateToken: ([device]) => ['device.rotate', device],
  setEnabled: ([device, enabled]) => [enabled ? 'device.enable' : 'device.disable', device],
  setRegions: ([device, regions]) => [regions === undefined ? 'regions.clear' : 'regions.set', device],
  readSnapshot: ([key]) => ['snapshot.view', picture(key)],
  readOriginal: ([key]) => ['snapshot.original', picture(key)],
  holdSnapshot: ([key, { until, reason }]) => [
    'snapshot.hold',
    `${picture(key)} until ${new Date(until).toISOString()}: ${reason}`,
  ],
  releaseSnapshot: ([key]) => ['snapshot.release', picture(key)],
  flow: ([{ measure, from, to, by }, file]) =>
    file === undefined
      ? undefined
      : [
          'flow.export',
          `${measure} from ${from} to ${to} by ${by.join(', ') || 'nothing'} as ${file}`.slice(0, 500),
        ],
  exportRows: ([{ kind, from, to, format, where = {} }]) => {
    const places = Object.entries(where).map(([name, values]) => `, ${name} ${values.join(', ')}`)
    return ['rows.export', `${kind} from ${from} to ${to} as ${format}${places.join('')}`.slice(0, 500)]
  },
  backfill: ([{ file, before, dryRun }], { known }) =>
    dryRun || before + known > 0 ? undefined : ['events.backfill', `${file.name} ${file.hash}`],
  // What is done with an alert is in its own history.
  addSnooze: (_, { why, rule = 'all rules', place, until }) => [
    'snooze.add',
    `${why} of ${rule} at ${Object.values(place).join(' ') || 'all places'} until ${new Date(until).toISOString()}`,
  ],
  removeSnooze: ([id]) => ['snooze.remove', id],
  testChannel: ([name]) => ['channel.test', name],
  showParked: ([key]) => ['parked.show', String(key)],
  replayParked: ([key], outcome) => ['parked.replay', `${key} ${outcome}`],
  dropParked: ([key]) => ['parked.drop', String(key)],
  eraseRows: ([{ of, before }], deletions) => [
    'rows.erase',
    `${JSON.stringify(of)} before ${new Date(before).toISOString()}: ${deletions.reduce((sum, { rows }) => sum + rows, 0)} rows`,
  ],
  allowDeletion: (_, { kind, expected, before }) => [
    'retention.allow',
    `${expected} rows of ${kind} before ${new Date(before).toISOString()}`,
  ],
  trustClock: (_, { at }) => ['clock.trust', new Date(at).toISOString()],
  setRules([, options], { version, changes }) {
    if (options?.dryRun || changes.length === 0) return undefined
    const told = changes.map(
      ({ at, after }) => `${at} ${after === undefined ? 'unset' : JSON.stringify(after)}`,
    )
    return ['rules.set', `version ${version}: ${told.join(', ')}`.slice(0, 500)]
  },
  addUser: (_, { name, role }) => ['account.add', `${name} ${role}`],
  inviteUser: ([name = 'the first admin']) => ['account.invite', name],
  setUserEnabled: ([name, enabled]) => [enabled ? 'account.enable' : 'account.disable', name],
  removeUser: ([name]) => ['account.remove', name],
  createToken: (_, { name, role }) => ['token.create', `${name} ${role}`],
  revokeToken: ([name]) => ['token.revoke', name],
}

/** The same operations, on record. */
export function audited(
  operations: Operations,
  { as, name, address = '' }: Viewer,
  audit: AuditLog,
): Operations {
  type Call = (...given: unknown[]) => Promise<unknown>
  type Rule = (given: unknown[], answer: unknown) => Told | undefined
  const wrapped = Object.entries(rules as Record<string, Rule>).map(([operation, rule]) => [
    operation,
    async (...given: unknown[]) => {
      const answer = await (operations[operation as keyof Operations] as Call)(...given)
      const [action, target, by = { as, who: name }] = rule(given, answer) ?? []
      if (action !== undefined) await audit.append({ ...by, action, target: target!, address })
      return answer
    },
  ])
  return { ...operations, ...Object.fromEntries(wrapped) }
}
