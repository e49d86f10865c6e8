import type { Clock } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { Timekeeper } from '../../core/trusted-time/timekeeper.ts'
import type { DeviceId, EventId, Place } from '../../core/words.ts'
import { checkReportedStatus } from '../../devices/contract/gateway-messages.ts'
import { snapshotRecordId, statusRecordId } from '../../devices/contract/record-ids.ts'
import { maxJsonBytes } from '../../devices/contract/topics.ts'
import { checkStatus, type Fault, isEventId, momentOf } from '../../devices/contract/validate.ts'
import type { Item, Journal, Lane, Outcome } from '../journal/journal.ts'
import { admitEvents, parse } from './admit-events.ts'
import { admitSightings } from './admit-sightings.ts'
import { answer, refuseAll } from './answer.ts'
import { DeviceClocks } from './device-clock.ts'
import type { Answers } from './feedback.ts'
import { placeInTime } from './place-in-time.ts'
import { Repeats } from './repeats.ts'
import type { Delivery, WaitingRoom } from './waiting-room.ts'

/** The device that a message is from, the place of the device, and a way to answer. */
export interface Sender {
  readonly device: DeviceId
  readonly place: Place
  readonly feedback: Answers
  /** The gateway that sends it for the device. The gateway has admitted its content once before. */
  readonly via?: DeviceId
  /** Equal passages, or vehicles, within this time count once. */
  readonly pauseMs?: number
  /** Called with the weight of a message for the journal, in records, before the message goes there. */
  readonly weigh?: (records: number) => void
}

/** The cost of a parked item for the journal, in records. */
const parkedWeight = 5

/**
 * Stands between the wire and the journal. Each call resolves once the message may be acked: it is stored, already known,
 * or parked with the reason. It rejects, with the journal's errors, if the message must not be acked; the sender still
 * has it then.
 */
export interface Admit {
  events(sender: Sender, payload: Buffer): Promise<Outcome[]>
  status(sender: Sender, payload: Buffer): Promise<Outcome[]>
  snapshot(sender: Sender, event: string, jpeg: Buffer): Promise<Outcome[]>
  /** Sightings by a gateway on snapshots of one of its devices. */
  sightings(sender: Sender, payload: Buffer): Promise<Outcome[]>
  /** Anything else that broke the contract: counted, parked and answered. */
  park(sender: Sender, fault: Fault, bytes: number): Promise<Outcome[]>
  /** Counts a message of the device that was turned away before it got here. */
  refused(device: DeviceId, lane: Lane): void
}

export interface AdmitParts {
  journal: Journal
  waitingRoom: WaitingRoom
  clock: Clock
  /** Used while the clock is in doubt; left out if it never is. */
  time?: Pick<Timekeeper, 'doubtMs' | 'heard'>
  /** Longest snapshot, in bytes. */
  maxSnapshotBytes: number
  /** Names this run, so that ids given here are unique for ever. */
  runId: string
}

export function createAdmit({
  journal,
  waitingRoom,
  clock,
  time = neverInDoubt,
  maxSnapshotBytes,
  runId,
}: AdmitParts): Admit {
  let statuses = 0
  const clocks = new DeviceClocks()
  const repeats = new Repeats()

  function events(sender: Sender, payload: Buffer): Promise<Outcome[]> {
    const tooLarge = faultOfSize(payload)
    if (tooLarge !== undefined) return parkWhole(sender, 'event', tooLarge, payload.length)
    const fromGateway = sender.via !== undefined
    const deviceClock = fromGateway ? undefined : clocks.of(sender.device)
    const timing = { fromGateway, doubtMs: time.doubtMs(), clock: deviceClock }
    const admitted = admitEvents(payload, sender.place, clock(), timing)
    if (admitted.newestAt !== undefined) time.heard(sender.via ?? sender.device, admitted.newestAt)
    const { received, ignored, personalMembers } = admitted
    journal.note(sender.device, 'event', { received, ignored, personal: personalMembers })
    sender.weigh?.(admitted.items.length + (parkedWeight - 1) * admitted.faults.length)
    const { device, pauseMs = 0 } = sender
    const items = pauseMs > 0 ? repeats.join(device, admitted.items, pauseMs) : admitted.items
    return appendThenAnswer(sender, items, 'event', outcomes => answer(sender.feedback, admitted, outcomes))
  }

  /**
   * Answers only a message that is acked: any other will come again. Returns the journal's own promise, so that acks keep
   * the order of the messages whether or not there is something to answer. The answer is attached first, so it goes out
   * before the ack.
   */
  function appendThenAnswer(
    sender: Sender,
    items: readonly Item[],
    lane: Lane,
    answer: ((outcomes: Outcome[]) => void) | undefined,
  ): Promise<Outcome[]> {
    const appended = journal.append(sender.device, items, lane)
    if (answer !== undefined) appended.then(answer, () => {})
    return appended
  }

  function status(sender: Sender, payload: Buffer): Promise<Outcome[]> {
    const receivedAt = clock()
    const tooLarge = faultOfSize(payload)
    if (tooLarge !== undefined) return parkWhole(sender, 'event', tooLarge, payload.length)
    journal.note(sender.device, 'event', { received: 1 })
    const parsed = parse(payload)
    if ('fault' in parsed) return park(sender, 'event', parsed.fault, payload.length)
    const { via } = sender
    const { value } = parsed
    const taken = via === undefined ? ownStatus(value, receivedAt) : reportedStatus(value, via, receivedAt)
    if ('fault' in taken) return park(sender, 'event', taken.fault, payload.length, idOf(value))
    const { id, data, time, mended } = taken
    if (mended.length > 0) journal.note(sender.device, 'event', { ignored: mended.length })
    const { state, firmware } = data
    const kept = { state, ...(firmware === undefined ? {} : { firmware }) }
    const record = { kind: 'status', data: kept, receivedAt, place: sender.place, ...time } as const
    return appendThenAnswer(
      sender,
      [{ id, record }],
      'event',
      mended.length > 0 ? () => sender.feedback.mended(mended) : undefined,
    )
  }

  /** A device's own status has no time and no id. */
  function ownStatus(value: unknown, receivedAt: number) {
    const checked = checkStatus(value)
    if ('fault' in checked) return checked
    return { ...checked, id: statusRecordId(runId, statuses++), time: ofNow(receivedAt) }
  }

  function reportedStatus(value: unknown, via: DeviceId, receivedAt: number) {
    const checked = checkReportedStatus(value)
    if ('fault' in checked) return checked
    const { data, id, atMs, mended } = checked
    return { data, mended, id: statusRecordId(via, id), time: placeInTime(atMs, receivedAt, time.doubtMs()) }
  }

  function sightings(sender: Sender, payload: Buffer): Promise<Outcome[]> {
    const tooLarge = faultOfSize(payload)
    if (tooLarge !== undefined) return parkWhole(sender, 'snapshot', tooLarge, payload.length)
    const { items, parked, faults } = admitSightings(payload, sender.place, clock(), time.doubtMs())
    sender.weigh?.(items.length + (parkedWeight - 1) * parked)
    // A sighting is not counted as received; only an item that is parked or refused instead of it is.
    journal.note(sender.device, 'snapshot', { received: parked })
    const appended = appendThenAnswer(sender, items, 'snapshot', () => refuseAll(sender.feedback, faults))
    appended.catch(() => journal.note(sender.device, 'snapshot', { received: items.length - parked }))
    return appended
  }

  async function snapshot(sender: Sender, event: string, jpeg: Buffer): Promise<Outcome[]> {
    const receivedAt = clock()
    journal.note(sender.device, 'snapshot', { received: 1 })
    const fault = faultOfSnapshot(event, jpeg, maxSnapshotBytes)
    if (fault !== undefined)
      return park(sender, 'snapshot', fault, jpeg.length, isEventId(event) ? event : undefined)
    let delivery: Delivery
    try {
      delivery = await waitingRoom.put(sender.device, event, jpeg)
    } catch (error) {
      journal.note(sender.device, 'snapshot', { refused: 1 })
      throw new LintelError('JOURNAL_COMMIT_FAILED', 'the snapshot could not be kept', { cause: error })
    }
    const data = { bytes: jpeg.length, ...(sender.via === undefined ? {} : { redacted: true }) }
    const record = { kind: 'snapshot', data, receivedAt, place: sender.place, ...ofNow(receivedAt) } as const
    const appended = journal.append(sender.device, [{ id: snapshotRecordId(event), record }], 'snapshot')
    const isStored = await appended.then(
      ([outcome]) => outcome === 'stored',
      () => false,
    )
    await delivery.settle(isStored)
    return appended
  }

  function park(sender: Sender, lane: Lane, fault: Fault, bytes: number, id?: EventId): Promise<Outcome[]> {
    const parked = { lane, receivedAt: clock(), ...fault, bytes, ...(id === undefined ? {} : { id }) }
    return appendThenAnswer(sender, [{ parked }], lane, () =>
      sender.feedback.refuse(fault.code, fault.reason, id),
    )
  }

  function parkWhole(sender: Sender, lane: Lane, fault: Fault, bytes: number): Promise<Outcome[]> {
    journal.note(sender.device, lane, { received: 1 })
    return park(sender, lane, fault, bytes)
  }

  return {
    events,
    status,
    snapshot,
    sightings,
    park: (sender, fault, bytes) => parkWhole(sender, 'event', fault, bytes),
    refused: (device, lane) => journal.note(device, lane, { received: 1, refused: 1 }),
  }
}

const neverInDoubt = { doubtMs: () => 0, heard() {} }

/** A message without a time of its own happened when it came. */
const ofNow = (receivedAt: number) => ({ at: receivedAt, late: false, skewed: false })

/** Only a gateway's status has an id. */
const idOf = (value: unknown) => {
  const { id, time } = (value ?? {}) as { id?: unknown; time?: unknown }
  return isEventId(id, momentOf(time)) ? id : undefined
}

/** The fault of JSON that is too long to be parsed on this loop. */
export function faultOfSize({ length }: Buffer): Fault | undefined {
  if (length <= maxJsonBytes) return undefined
  const reason = `the message has ${length} bytes where ${maxJsonBytes} are allowed: send fewer events at once, and pictures as snapshots`
  return { code: 'EVENT_TOO_LARGE', reason }
}

function faultOfSnapshot(event: string, jpeg: Buffer, maxBytes: number): Fault | undefined {
  if (jpeg.length > maxBytes) {
    const reason = `the picture has ${jpeg.length} bytes where ${maxBytes} are allowed: send a smaller one`
    return { code: 'SNAPSHOT_TOO_LARGE', reason }
  }
  if (!isEventId(event))
    return { code: 'EVENT_ID_INVALID', reason: 'the topic must end in the id of an event' }
  if (jpeg.length === 0)
    return { code: 'SNAPSHOT_EMPTY', reason: 'the payload is empty; send the bytes of one JPEG' }
  const isJpeg = jpeg.length > 4 && jpeg[0] === 0xff && jpeg[1] === 0xd8 && jpeg[2] === 0xff
  if (!isJpeg) return { code: 'SNAPSHOT_NOT_JPEG', reason: 'the payload must begin as a JPEG does: FF D8 FF' }
  return undefined
}
