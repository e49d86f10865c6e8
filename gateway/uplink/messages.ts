import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { Place } from '../../core/words.ts'
import type { AnnouncedPlace } from '../../devices/contract/gateway-messages.ts'
import { eventOfRecordId, reportedStatusId } from '../../devices/contract/record-ids.ts'
import {
  eventTopic,
  maxEventsPerMessage,
  placeTopic,
  sightingTopic,
  statusTopic,
} from '../../devices/contract/topics.ts'
import type { Entry } from '../journal/journal.ts'
import type { Draft } from './draft.ts'

/** A record in the form that the centre gets. */
function textOf({ id, record }: Entry): string {
  const { kind, at, skewed, data } = record
  const time = formatRfc3339(at)
  switch (kind) {
    case 'status':
      return JSON.stringify({ ...data, id: reportedStatusId(id), time })
    case 'sighting':
      return JSON.stringify({ id: eventOfRecordId(id), time, data })
    default:
      return JSON.stringify({ id, type: kind, time, data, ...(skewed ? { skewed } : {}) })
  }
}

const topics = { event: eventTopic, status: statusTopic, sighting: sightingTopic }
export type RecordDraftKind = keyof typeof topics

/** A message with as many of the entries, all of one device, place and kind, as fit; at least the first. */
export function draftOf(
  kind: RecordDraftKind,
  entries: readonly Entry[],
  from: number,
  maxBytes: number,
  urgent: boolean,
): Draft {
  const { device, record } = entries[from]!
  const texts: string[] = []
  const numbers: number[] = []
  let bytes = 0
  for (const entry of entries.slice(from, from + (kind === 'status' ? 1 : maxEventsPerMessage))) {
    const text = textOf(entry)
    if (texts.length > 0 && bytes + text.length > maxBytes) break
    texts.push(text)
    numbers.push(entry.seq)
    bytes += text.length
  }
  const payload = Buffer.from(texts.length === 1 ? texts[0]! : `[${texts.join(',')}]`)
  return { kind, topic: topics[kind](device), payload, device, place: record.place, urgent, numbers }
}

export function placeDraft(place: Place, told: Pick<AnnouncedPlace, 'kind' | 'household'>): Draft {
  const { device, site, building, point, zone } = place
  const announced: AnnouncedPlace = { ...told, site, building, point, zone }
  const payload = Buffer.from(JSON.stringify(announced))
  return { kind: 'place', topic: placeTopic(device), payload, device, place, urgent: true, numbers: [] }
}
