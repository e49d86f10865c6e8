import { LintelError } from '../../core/errors.ts'
import type { Place } from '../../core/words.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { checkEvent } from '../../devices/contract/validate.ts'
import type { Journal, Outcome, ParkedEntry } from '../journal/journal.ts'
import { placeInTime } from './place-in-time.ts'

/**
 * Admits a parked event again, by the present contract, with its original time of receipt. Throws PARKED_NOT_REPLAYABLE
 * if too little of it was kept, or if it is still wrong.
 */
export async function replay(journal: Journal, parked: ParkedEntry, place: Place): Promise<Outcome> {
  const { payload, id, receivedAt, lane, device, key } = parked
  if (typeof payload !== 'object' || payload === null || lane !== 'event') {
    throw new LintelError(
      'PARKED_NOT_REPLAYABLE',
      'nothing of its payload was kept; only the device can send it again',
    )
  }
  const checked = checkEvent(id === undefined ? payload : { ...payload, id })
  if ('fault' in checked) {
    throw new LintelError('PARKED_NOT_REPLAYABLE', `it still breaks the contract: ${checked.fault.reason}`)
  }
  const { event, atMs } = checked
  const record = {
    kind: event.type,
    receivedAt,
    place,
    data: event.data,
    ...placeInTime(atMs, receivedAt),
  } as EventRecord
  journal.note(device, 'event', { received: 1 })
  const [outcome] = await journal.append(device, [{ id: event.id, record, claimedAt: atMs, unpark: key }])
  return outcome!
}
