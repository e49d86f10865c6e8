import type { DeviceId, EventId } from '../../core/words.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { sightingRecordId } from '../../devices/contract/record-ids.ts'
import type { Item, Journal } from '../journal/journal.ts'

/** The result of looking at the snapshot of an event. */
export interface NewSighting {
  readonly device: DeviceId
  readonly event: EventId
  readonly record: EventRecord<'sighting'>
}

/**
 * Journals sightings, each once. A picture that no worker survives is also parked, so that somebody looks into it. Calls
 * `onNew` for sightings that were not journaled before. Resolves once all is on disk; rejects with the journal's errors.
 */
export async function sight(
  journal: Journal,
  sightings: readonly NewSighting[],
  onNew: (sighting: NewSighting) => void = () => {},
): Promise<void> {
  await Promise.all(
    sightings.map(async sighting => {
      const { device, event, record } = sighting
      const [outcome] = await journal.append(device, [{ id: sightingRecordId(event), record }], 'snapshot')
      if (outcome !== 'stored') return
      onNew(sighting)
      if (record.data.outcome !== 'parked') return
      // Counted as received again, like a replayed one: its first receipt counts as stored.
      journal.note(device, 'snapshot', { received: 1 })
      await journal.append(device, [parkedItem(event, record)], 'snapshot')
    }),
  )
}

function parkedItem(event: EventId, { receivedAt }: EventRecord<'sighting'>): Item {
  const reason = 'two workers of the tagger died of this picture; it was erased, its event is kept'
  return { parked: { lane: 'snapshot', receivedAt, code: 'PICTURE_DEADLY', reason, id: event, bytes: 0 } }
}
