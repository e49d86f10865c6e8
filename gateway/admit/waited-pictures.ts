import type { DeviceId, EventId, Seq } from '../../core/words.ts'
import { eventOfRecordId } from '../../devices/contract/record-ids.ts'
import type { JournalReader } from '../journal/journal.ts'

const page = 5000

/** The snapshots behind the tagger's position: it is done with all before, and has erased them. */
export function* waitedPictures(
  reader: JournalReader,
  done: Seq,
): Generator<{ readonly device: DeviceId; readonly event: EventId }> {
  for (let position = done; position < reader.end(); ) {
    const { entries, next } = reader.read(position, page)
    for (const { device, id, record } of entries)
      if (record.kind === 'snapshot') yield { device, event: eventOfRecordId(id) }
    if (next <= position) return
    position = next
  }
}
