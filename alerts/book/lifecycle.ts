import { createHash } from 'node:crypto'
import type { Finding, FindingPlace } from '../rules/rule.ts'
import { type Alert, type Change, isClosed, reopenMs } from './alert.ts'
import type { Act } from './alerts.ts'

/** The new state of an alert and the change that led to it; undefined if nothing changed. */
export type Turn = { readonly alert: Omit<Alert, 'change'>; readonly said: Said } | undefined
/** A change without its number, which the history assigns. */
export type Said = Omit<Change, 'number' | 'alert' | 'at'>

/** The time of a finding, and what applies at its place. */
export interface Circumstances {
  /** By the clock of the service. */
  readonly now: number
  /** IANA zone of the place. */
  readonly zone: string
  /** Nobody is told before this time; and whether the reason is maintenance. */
  readonly quiet?: { readonly until: number; readonly maintenance: boolean }
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const idBytes = 10

/** The same on any machine for the same rule, place and cause. */
export function alertId({ rule, place, cause }: Pick<Finding, 'rule' | 'place' | 'cause'>): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([rule, ...namesOf(place), cause]))
    .digest()
  let id = ''
  let bits = 0
  let held = 0
  for (const byte of hash.subarray(0, idBytes)) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) id += alphabet[(held >> (bits - 5)) & 31]
    held &= (1 << bits) - 1
  }
  return id
}

/** Key of the alert a finding belongs to: findings that share it become one alert if they follow each other soon. */
export const subjectOf = ({ rule, place, cause }: Pick<Finding, 'rule' | 'place' | 'cause'>) =>
  [rule, ...namesOf(place), cause.slice(0, cause.lastIndexOf('@'))].join('\n')

const namesOf = ({ site = '', building = '', point = '', device = '' }: FindingPlace) => [
  site,
  building,
  point,
  device,
]

/** `known` is the latest alert of the same subject. */
export function afterFinding(known: Alert | undefined, finding: Finding, circumstances: Circumstances): Turn {
  return finding.kind === 'raised' ? raised(known, finding, circumstances) : cleared(known, finding)
}

function raised(known: Alert | undefined, finding: Finding, { now, zone, quiet }: Circumstances): Turn {
  const { rule, severity, place, cause, parts, source, occurredAt, receivedAt } = finding
  if (known?.cause === cause) return undefined
  const muted = {
    ...(quiet === undefined ? {} : { quietUntil: quiet.until }),
    ...(quiet?.maintenance ? { maintenance: true } : {}),
  }
  const from = source === undefined ? {} : { source }
  const latest = { rule, severity, place, zone, cause, parts, ...from, active: true, lastRaisedAt: now, ...muted } // biome-ignore format: one thing
  const told = { cause, parts, ...from, occurredAt, receivedAt }
  if (known === undefined || isLongOver(known, receivedAt)) {
    const first = { occurredAt, receivedAt, raisedAt: now, times: 1 }
    return {
      alert: { id: alertId(finding), status: 'open', ...latest, ...first },
      said: { what: 'raised', ...told },
    }
  }
  const { id, raisedAt, times, acknowledgedAt, acknowledgedBy, assignee } = known
  // Whoever took it before it ended by itself still has it.
  const taken = known.status !== 'resolved' && acknowledgedAt !== undefined
  return {
    alert: {
      id,
      status: taken ? 'acknowledged' : 'open',
      ...latest,
      occurredAt: known.occurredAt,
      receivedAt: known.receivedAt,
      raisedAt,
      times: times + 1,
      ...(taken ? { acknowledgedAt, acknowledgedBy: acknowledgedBy! } : {}),
      ...(assignee === undefined ? {} : { assignee }),
    },
    said: { what: 'reopened', ...told },
  }
}

const isLongOver = (known: Alert, now: number) =>
  isClosed(known) && !known.active && now - Math.max(known.clearedAt ?? 0, known.resolvedAt ?? 0) > reopenMs

function cleared(known: Alert | undefined, { cause, parts, occurredAt, receivedAt, ending }: Finding): Turn {
  if (known?.cause !== cause || !known.active) return undefined
  const { quietUntil: _, ...rest } = known
  const said = { what: 'cleared', parts, occurredAt, receivedAt } as const
  const why = ending === undefined ? {} : { ending }
  // `parts` keeps what happened: it can still be told.
  const over = { ...rest, endingParts: parts, active: false, clearedAt: receivedAt, ...why }
  if (known.status === 'resolved') return { alert: over, said: { ...said, ...why } }
  if (known.maintenance)
    return {
      alert: { ...over, status: 'resolved', resolvedAt: receivedAt, outcome: 'maintenance' },
      said: { ...said, ...why, outcome: 'maintenance' },
    }
  return { alert: { ...over, status: 'cleared' }, said: { ...said, ...why } }
}

/** Undefined if nothing changes; `closed` if a closed alert cannot take the act. */
export function afterAct(known: Alert, act: Act, by: string, now: number): Turn | 'closed' {
  switch (act.do) {
    case 'acknowledge': {
      if (isClosed(known)) return 'closed'
      // Somebody has it already; a note is kept all the same.
      if (known.status === 'acknowledged')
        return act.note === undefined
          ? undefined
          : { alert: known, said: { what: 'commented', by, note: act.note } }
      const taken = { ...known, status: 'acknowledged', acknowledgedAt: now, acknowledgedBy: by } as const
      return { alert: taken, said: { what: 'acknowledged', by, ...noteOf(act) } }
    }
    case 'assign': {
      if (isClosed(known)) return 'closed'
      const { assignee, ...rest } = known
      if ((assignee ?? null) === act.to) return undefined
      const now = act.to === null ? {} : { assignee: act.to }
      return { alert: { ...rest, ...now }, said: { what: 'assigned', by, ...now } }
    }
    case 'comment':
      return { alert: known, said: { what: 'commented', by, ...noteOf(act) } }
    case 'resolve': {
      const { outcome } = act
      if (known.status === 'resolved' && known.outcome === outcome && act.note === undefined) return undefined
      const { quietUntil: _, ...rest } = known
      const end = { status: 'resolved', resolvedAt: now, resolvedBy: by, outcome, ...noteOf(act) } as const
      return { alert: { ...rest, ...end }, said: { what: 'resolved', by, outcome, ...noteOf(act) } }
    }
  }
}

const noteOf = ({ note }: { readonly note?: string }) => (note === undefined ? {} : { note })

/** Sets the end of its quiet time, or ends it. */
export function afterQuiet(known: Alert, quiet: Circumstances['quiet'], by: string | undefined): Turn {
  const { quietUntil, maintenance, ...rest } = known
  if (quietUntil === quiet?.until) return undefined
  const who = by === undefined ? {} : { by }
  if (quiet === undefined) return { alert: rest, said: { what: 'woken', ...who } }
  // An alert that began before a maintenance window is not resolved as maintenance.
  const muted = { quietUntil: quiet.until, ...(maintenance ? { maintenance } : {}) }
  return { alert: { ...rest, ...muted }, said: { what: 'snoozed', ...who } }
}
