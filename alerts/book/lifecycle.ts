import { createHash } from 'node:crypto'
import type { Finding, FindingPlace } from '../rules/rule.ts'
import { type Alert, type Change, isClosed, reopenMs } from './alert.ts'
import type { Act } from './alerts.ts'

/** An alert and what there is to say of how it came to be so; undefined where nothing has changed. */
export type Turn = { readonly alert: Omit<Alert, 'change'>; readonly said: Said } | undefined
/** A change without its number, which the history gives it. */
export type Said = Omit<Change, 'number' | 'alert' | 'at'>

/** What is known of where and when a finding came. */
export interface Circumstances {
  /** By the clock of the service. */
  readonly now: number
  /** IANA zone of the place. */
  readonly zone: string
  /** Until when nobody is to be told, and whether that is for maintenance. */
  readonly quiet?: { readonly until: number; readonly maintenance: boolean }
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const idBytes = 10

/** The same for the same rule, place and cause, on any machine. */
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

/** What two findings share that are of the same alert if the later comes soon. */
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
  // Who took it before it went away by itself has it still.
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
  // The parts of what happened stay, and can still be told.
  const over = { ...rest, endingParts: parts, active: false, clearedAt: receivedAt, ...why }
  if (known.status === 'resolved') return { alert: over, said: { ...said, ...why } }
  if (known.maintenance)
    return {
      alert: { ...over, status: 'resolved', resolvedAt: receivedAt, outcome: 'maintenance' },
      said: { ...said, ...why, outcome: 'maintenance' },
    }
  return { alert: { ...over, status: 'cleared' }, said: { ...said, ...why } }
}

/** Undefined where it was so already; `closed` where it is too late for that. */
export function afterAct(known: Alert, act: Act, by: string, now: number): Turn | 'closed' {
  switch (act.do) {
    case 'acknowledge': {
      if (isClosed(known)) return 'closed'
      // Somebody has it. What was noted is kept all the same.
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

/** It is quiet until another time, or no longer. */
export function afterQuiet(known: Alert, quiet: Circumstances['quiet'], by: string | undefined): Turn {
  const { quietUntil, maintenance, ...rest } = known
  if (quietUntil === quiet?.until) return undefined
  const who = by === undefined ? {} : { by }
  if (quiet === undefined) return { alert: rest, said: { what: 'woken', ...who } }
  // What began before a maintenance window is not of it.
  const muted = { quietUntil: quiet.until, ...(maintenance ? { maintenance } : {}) }
  return { alert: { ...rest, ...muted }, said: { what: 'snoozed', ...who } }
}
