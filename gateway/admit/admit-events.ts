import { messageOf } from '../../core/errors.ts'
import type { EventId, Place } from '../../core/words.ts'
import { findCut, maskPayload, maxNamed, newLookBudget } from '../../devices/contract/personal.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { maxEventsPerMessage } from '../../devices/contract/topics.ts'
import { checkEvent, type Fault, isEventId, momentOf } from '../../devices/contract/validate.ts'
import type { Item, Parked } from '../journal/journal.ts'
import type { DeviceClock } from './device-clock.ts'
import { idOfBroken } from './id-of-broken.ts'
import { placeInTime } from './place-in-time.ts'

/** The result of one message: the items to journal, and what its sender should be told. */
export interface Admitted {
  /** Events in the message; 1 if that cannot be told. */
  readonly received: number
  readonly items: Item[]
  /** Members that say nothing about a person and were cut or repaired; `personalMembers` counts those about a person. */
  readonly ignored: number
  readonly personalMembers: number
  /** Names of the personal members, as `shownName` writes them. */
  readonly personal: readonly string[]
  /** Names of members of the contract that were repaired or removed. */
  readonly mended: readonly string[]
  /** The first event from which a picture written as text was cut. */
  readonly pictureOf: EventId | undefined
  /** True if the sender may need the time: something came late, or by a wrong clock. */
  readonly wantsTime: boolean
  /** The newest time that one of its events gave; undefined if none did. */
  readonly newestAt: number | undefined
  readonly faults: readonly (Fault & { id?: string })[]
}

/** The clocks involved: who timed the events, and how sure our own clock is. */
export interface Timing {
  /** A gateway has placed the events once, and marked those of a device whose clock was wrong. */
  readonly fromGateway?: boolean
  /** Most ms by which the true time may be ahead of `receivedAt` while our own clock is in doubt; nothing is learned then. */
  readonly doubtMs?: number
  /** The clock of the device that sends the message. */
  readonly clock?: DeviceClock | undefined
}

/**
 * Turns the bytes of an `event` message into items: parses, checks against the contract, cuts what is not in it, places
 * in time. Synchronous, and pure except for what `timing.clock` learns; an event costs 1.4 times its JSON.parse alone. A
 * gateway's mark that the device's clock was wrong is accepted: the gateway has placed the event at its own receipt.
 */
export function admitEvents(
  payload: Buffer,
  place: Place,
  receivedAt: number,
  timing: Timing = {},
): Admitted {
  const parsed = parse(payload)
  if ('fault' in parsed)
    return parkedWhole(parsed.fault, payload.length, receivedAt, idOfBroken(withoutMarks(payload)))
  const { value } = parsed
  const values = Array.isArray(value) ? value : [value]
  const tooLong = faultOfLength(values)
  if (tooLong !== undefined) return parkedWhole(tooLong, payload.length, receivedAt)
  return admitAll(values, payload.length, place, receivedAt, timing)
}

/** The fault of an array that is empty or too long. */
export function faultOfLength({ length }: readonly unknown[]): Fault | undefined {
  if (length > 0 && length <= maxEventsPerMessage) return undefined
  return {
    code: 'EVENT_BATCH_TOO_LONG',
    reason: `an array must hold 1 to ${maxEventsPerMessage} events, not ${length}`,
  }
}

function admitAll(
  values: readonly unknown[],
  bytes: number,
  place: Place,
  receivedAt: number,
  { fromGateway = false, doubtMs = 0, clock }: Timing,
): Admitted {
  const items: Item[] = []
  const faults: (Fault & { id?: string })[] = []
  const personal = new Set<string>()
  let personalMembers = 0
  let ignored = 0
  let mended: readonly string[] = []
  let pictureOf: EventId | undefined
  let wantsTime = false
  const checks = values.map(value => checkEvent(value))
  const newestAt = newestOf(checks, fromGateway)
  const ownClock = doubtMs === 0 ? clock : undefined
  if (newestAt !== undefined) ownClock?.hear(newestAt, receivedAt)
  const budget = newLookBudget()
  for (const [index, checked] of checks.entries()) {
    const value = values[index]
    if ('fault' in checked) {
      const fault = values.length === 1 ? checked.fault : inArray(checked.fault, index)
      const parked = park(fault, value, Math.round(bytes / values.length), receivedAt)
      faults.push({ ...fault, ...(parked.id === undefined ? {} : { id: parked.id }) })
      items.push({ parked })
      continue
    }
    const { event, atMs } = checked
    const wasSkewed = fromGateway && takeMark(event)
    const cut = findCut(value as Record<string, unknown>, budget)
    ignored += cut.ignored + checked.mended.length
    if (checked.mended.length > 0) mended = [...new Set([...mended, ...checked.mended])]
    personalMembers += cut.personalMembers
    if (cut.hasPicture) pictureOf ??= event.id
    for (const word of cut.personal) personal.add(word)
    const placed = ownClock?.place(atMs, receivedAt) ?? placeInTime(atMs, receivedAt, doubtMs)
    const { at, late } = placed
    wantsTime ||= late || placed.skewed
    const skewed = placed.skewed || wasSkewed
    const record = { kind: event.type, at, receivedAt, late, skewed, place, data: event.data } as EventRecord
    items.push({ id: event.id, record, claimedAt: atMs })
  }
  return {
    received: values.length,
    items,
    ignored,
    personalMembers,
    personal: [...personal].slice(0, maxNamed),
    mended,
    pictureOf,
    wantsTime,
    newestAt,
    faults,
  }
}

function newestOf(
  checks: readonly ReturnType<typeof checkEvent>[],
  fromGateway: boolean,
): number | undefined {
  let newestAt: number | undefined
  for (const checked of checks) {
    if ('fault' in checked || (fromGateway && isMarked(checked.event))) continue
    if (newestAt === undefined || checked.atMs > newestAt) newestAt = checked.atMs
  }
  return newestAt
}

const isMarked = (event: object) => (event as { skewed?: unknown }).skewed === true

/** Removes the mark that the device's clock was wrong, so that it does not count as an unknown member. True if it was there. */
function takeMark(event: object): boolean {
  const marked = isMarked(event)
  delete (event as { skewed?: unknown }).skewed
  return marked
}

const inArray = ({ code, reason }: Fault, index: number): Fault => ({
  code,
  reason: `event ${index + 1} of the array: ${reason}`,
})

/** The part that may be kept of an event that broke the contract: its masked shape, and its id if that is a valid one. */
function park({ code, reason }: Fault, value: unknown, bytes: number, receivedAt: number): Parked {
  const { id, time } = (value ?? {}) as { id?: unknown; time?: unknown }
  const payload = maskPayload(value)
  const kept = isEventId(id, momentOf(time)) ? { id } : {}
  return { lane: 'event', receivedAt, code, reason, bytes, payload, ...kept }
}

function parkedWhole(fault: Fault, bytes: number, receivedAt: number, id?: EventId): Admitted {
  const known = id === undefined ? {} : { id }
  const parked: Parked = { lane: 'event', receivedAt, ...fault, bytes, ...known }
  return {
    received: 1,
    items: [{ parked }],
    ignored: 0,
    personalMembers: 0,
    personal: [],
    mended: [],
    pictureOf: undefined,
    wantsTime: false,
    newestAt: undefined,
    faults: [{ ...fault, ...known }],
  }
}

const fatalUtf8 = new TextDecoder('utf-8', { fatal: true })

export function parse(payload: Buffer): { value: unknown } | { fault: Fault } {
  try {
    return { value: JSON.parse(withoutMarks(payload).toString()) }
  } catch (error) {
    return { fault: { code: 'EVENT_MALFORMED', reason: whyMalformed(withoutMarks(payload), error) } }
  }
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/** Removes what C strings and editors leave at the ends, which means nothing: NUL, and the byte order mark of UTF-8. */
function withoutMarks(payload: Buffer): Buffer {
  let from = 0
  let to = payload.length
  while (to > from && payload[to - 1] === 0) to--
  while (payload[from] === 0 && from < to) from++
  if (payload[from] === byteOrderMark[0] && payload.subarray(from, from + 3).equals(byteOrderMark)) from += 3
  return from === 0 && to === payload.length ? payload : payload.subarray(from, to)
}

/**
 * V8 quotes the text around the error; only the position may be kept. A message with a quote ends in "is not valid JSON",
 * so the end of any other message is V8's own.
 */
const placeOfError = / JSON at position (\d+)(?: \(line \d+ column \d+\))?$/

function whyMalformed(payload: Buffer, error: unknown): string {
  if (payload.length === 0) return 'the payload is empty; send one JSON object or an array of them'
  try {
    fatalUtf8.decode(payload)
  } catch {
    return 'the payload is not UTF-8'
  }
  const position = placeOfError.exec(messageOf(error))?.[1]
  return position === undefined
    ? 'the payload is not JSON'
    : `the payload is not JSON: see character ${position}`
}
