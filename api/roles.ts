/** Roles; the table in docs/operating.md is tested against this one. */
export const roles = ['admin', 'analyst', 'duty', 'auditor'] as const
export type Role = (typeof roles)[number]

/**
 * Permissions that routes need, and the roles that have them. An admin may do everything. Anything that reveals single
 * events as they come (devices, the ledger, alerts, metrics) is for those who see small numbers.
 */
const grants = {
  'flow.read': ['analyst', 'duty', 'auditor'],
  'points.read': ['analyst', 'duty', 'auditor'],
  'devices.read': ['duty'],
  'devices.write': [],
  'snapshots.read': ['duty'],
  'snapshots.hold': ['duty'],
  'originals.read': [],
  'rows.export': ['duty'],
  'events.backfill': [],
  'parked.read': [],
  'parked.write': [],
  'ledger.read': [],
  'metrics.read': [],
  'retention.read': ['auditor'],
  'retention.erase': [],
  'status.read': ['duty', 'auditor'],
  'clock.trust': [],
  'alerts.read': ['duty'],
  'alerts.act': ['duty'],
  'channels.read': [],
  'channels.test': [],
  'rules.read': ['duty', 'auditor'],
  'rules.write': [],
  'audit.read': ['auditor'],
  'accounts.read': [],
  'accounts.write': [],
} as const satisfies Record<string, readonly Exclude<Role, 'admin'>[]>

export type Permission = keyof typeof grants
export const permissions = Object.keys(grants) as Permission[]

export const may = (role: Role, permission: Permission) =>
  role === 'admin' || (grants[permission] as readonly Role[]).includes(role)

/** Roles that see every number exactly. */
export const seesSmallNumbers = (role: Role) => role === 'admin' || role === 'duty'

/** A duty room is limited to its sites. */
export const hasSites = (role: Role) => role === 'duty'
