import type { Opening } from '../../core/history.ts'
import { parseRfc3339 } from '../../core/rfc3339.ts'
import type { DeviceId, EventId, Seq } from '../../core/words.ts'

/** A command of a gateway to a device, on its command topic. */
export type Command =
  /** The gateway's clock, in milliseconds since the epoch. */
  | { readonly type: 'time'; readonly now: number }
  /** A message was acknowledged but can never be stored: a fault to fix in the firmware. */
  | {
      readonly type: 'refusal'
      readonly code: string
      readonly reason: string
      readonly id?: EventId
      /** To a gateway: the device that this is about. */
      readonly device?: DeviceId
    }
  /** An event was stored without some of its `members`, such as those about a person; or there is a warning about its `id`. */
  | {
      readonly type: 'notice'
      readonly code: string
      readonly members?: readonly string[]
      readonly id?: EventId
      readonly device?: DeviceId
    }
  /** To a gateway: the identity of its centre's journal, and the last position in it. */
  | {
      readonly type: 'journal'
      readonly id: string
      readonly run: string
      readonly end: Seq
      readonly openings: readonly Opening[]
    }

/** Undefined for an unknown command: a device ignores it, since newer gateways may send more. */
export function parseCommand(payload: Buffer): Command | undefined {
  let value: unknown
  try {
    value = JSON.parse(payload.toString('utf8'))
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { type, now, code, reason, id, members, device } = value as Record<string, unknown>
  switch (type) {
    case 'time': {
      const at = typeof now === 'string' ? parseRfc3339(now) : now
      return typeof at === 'number' && Number.isFinite(at) ? { type, now: at } : undefined
    }
    case 'refusal':
      if (typeof code !== 'string') return undefined
      return {
        type,
        code,
        reason: typeof reason === 'string' ? reason : '',
        ...(typeof id === 'string' ? { id } : {}),
        ...(typeof device === 'string' ? { device } : {}),
      }
    case 'notice':
      if (typeof code !== 'string') return undefined
      return {
        type,
        code,
        ...(Array.isArray(members) ? { members: members.filter(member => typeof member === 'string') } : {}),
        ...(typeof id === 'string' ? { id } : {}),
        ...(typeof device === 'string' ? { device } : {}),
      }
    case 'journal':
      return parseJournal(value as Record<string, unknown>)
    default:
      return undefined
  }
}

function parseJournal({ id, run, end, openings }: Record<string, unknown>): Command | undefined {
  if (typeof id !== 'string' || typeof run !== 'string' || !isPosition(end) || !Array.isArray(openings))
    return undefined
  const isOpening = ({ epoch, first }: Partial<Opening>) => typeof epoch === 'string' && isPosition(first)
  if (!openings.every(opening => typeof opening === 'object' && opening !== null && isOpening(opening)))
    return undefined
  const plain = (openings as Opening[]).map(({ epoch, first }) => ({ epoch, first }))
  return { type: 'journal', id, run, end, openings: plain }
}

const isPosition = (value: unknown): value is Seq => Number.isSafeInteger(value) && (value as number) >= 0
