import type { Clock } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { DeviceId, EventId } from '../../core/words.ts'
import { snapshotRecordId } from '../../devices/contract/record-ids.ts'
import { checkStatus, type Fault, isEventId } from '../../devices/contract/validate.ts'
import type { Journal, Lane, Outcome } from '../journal/journal.ts'
import { type Admitted, admitEvents, parse } from './admit-events.ts'
import type { Feedback } from './feedback.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** Who sends: a connected device, where it stands, and a way to answer it. */
export interface Sender {
  readonly device: DeviceId
  /** Id of its `Place`. */
  readonly place: number
  readonly feedback: Feedback
}

/**
 * What stands between the wire and the journal. Each call resolves once what was sent may be acked:
 * stored, known already, or parked with the reason. It rejects, with the journal's errors, when it
 * must not be acked; the sender still has it then.
 */
export interface Admit {
  events(sender: Sender, payload: Buffer): Promise<Outcome[]>
  status(sender: Sender, payload: Buffer): Promise<Outcome[]>
  snapshot(sender: Sender, event: string, jpeg: Buffer): Promise<Outcome[]>
  /** Something of the device's that was turned away before it got here. */
  refused(device: DeviceId, lane: Lane): void
}

export interface AdmitParts {
  journal: Journal
  waitingRoom: WaitingRoom
  clock: Clock
  /** Longest snapshot. */
  maxSnapshotBytes: number
  /** Names this run, so that ids given here are unique for ever. */
  runId: string
}

export function createAdmit({ journal, waitingRoom, clock, maxSnapshotBytes, runId }: AdmitParts): Admit {
  let statuses = 0

  function events(sender: Sender, payload: Buffer): Promise<Outcome[]> {
    const admitted = admitEvents(payload, sender.place, clock())
    const { received, ignored, personalMembers } = admitted
    journal.note(sender.device, 'event', { received, ignored, personal: personalMembers })
    const appended = journal.append(sender.device, admitted.items)
    const { faults, personal, skewed } = admitted
    if (faults.length === 0 && personal.length === 0 && !skewed) return appended
    // Only what is acked is answered: the rest will come again.
    return appended.then(outcomes => {
      answer(sender.feedback, admitted)
      return outcomes
    })
  }

  function status(sender: Sender, payload: Buffer): Promise<Outcome[]> {
    const receivedAt = clock()
    journal.note(sender.device, 'event', { received: 1 })
    const parsed = parse(payload)
    const checked = 'fault' in parsed ? parsed : checkStatus(parsed.value)
    if ('fault' in checked) return park(sender, 'event', checked.fault, payload.length)
    const { state, firmware } = checked.data
    const data = { state, ...(firmware === undefined ? {} : { firmware }) }
    // A status has no id of its own; '#' is in no event's id, so the two cannot meet.
    const id = `#status/${runId}/${statuses++}`
    const record = { kind: 'status', data, ...ofNow(receivedAt, sender) } as const
    return journal.append(sender.device, [{ id, record }])
  }

  async function snapshot(sender: Sender, event: string, jpeg: Buffer): Promise<Outcome[]> {
    const receivedAt = clock()
    journal.note(sender.device, 'snapshot', { received: 1 })
    const fault = faultOfSnapshot(event, jpeg, maxSnapshotBytes)
    if (fault !== undefined) return park(sender, 'snapshot', fault, jpeg.length, event)
    try {
      await waitingRoom.put(sender.device, event, jpeg)
    } catch (error) {
      journal.note(sender.device, 'snapshot', { refused: 1 })
      throw new LintelError('JOURNAL_COMMIT_FAILED', 'the snapshot could not be kept', { cause: error })
    }
    const data = { bytes: jpeg.length }
    const record = { kind: 'snapshot', data, ...ofNow(receivedAt, sender) } as const
    return journal.append(sender.device, [{ id: snapshotRecordId(event), record }], 'snapshot')
  }

  function park(
    sender: Sender,
    lane: Lane,
    fault: Fault,
    bytes: number,
    event?: EventId,
  ): Promise<Outcome[]> {
    const id = isEventId(event) ? { id: event } : {}
    const appended = journal.append(
      sender.device,
      [{ parked: { lane, receivedAt: clock(), ...fault, bytes, ...id } }],
      lane,
    )
    sender.feedback.refuse(fault.code, fault.reason, id.id)
    return appended
  }

  return {
    events,
    status,
    snapshot,
    refused: (device, lane) => journal.note(device, lane, { received: 1, refused: 1 }),
  }
}

/** What carries no time of its own happened when it came. */
const ofNow = (receivedAt: number, { place }: Sender) => ({
  at: receivedAt,
  receivedAt,
  late: false,
  skewed: false,
  place,
})

function answer(feedback: Feedback, { faults, personal, skewed }: Admitted): void {
  for (const { code, reason, id } of faults) feedback.refuse(code, reason, id)
  if (personal.length > 0) feedback.cut(personal)
  if (skewed) feedback.tellTime()
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
