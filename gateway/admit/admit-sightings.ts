import type { Place } from '../../core/words.ts'
import { checkSighting } from '../../devices/contract/gateway-messages.ts'
import { sightingRecordId } from '../../devices/contract/record-ids.ts'
import { type Fault, isEventId, momentOf } from '../../devices/contract/validate.ts'
import type { Item } from '../journal/journal.ts'
import { faultOfLength, parse } from './admit-events.ts'
import { placeInTime } from './place-in-time.ts'

export interface AdmittedSightings {
  readonly items: Item[]
  /** Number of parked items. */
  readonly parked: number
  readonly faults: readonly (Fault & { id?: string })[]
}

/** Turns the bytes of a `sighting` message into items. Members outside the contract are lost in the record's encoding. */
export function admitSightings(
  payload: Buffer,
  place: Place,
  receivedAt: number,
  doubtMs = 0,
): AdmittedSightings {
  const items: Item[] = []
  const faults: (Fault & { id?: string })[] = []
  const park = ({ code, reason }: Fault, bytes: number, value?: unknown) => {
    const named = (value ?? {}) as { id?: unknown; time?: unknown }
    const id = isEventId(named.id, momentOf(named.time)) ? { id: named.id } : {}
    faults.push({ code, reason, ...id })
    items.push({ parked: { lane: 'snapshot', receivedAt, code, reason, bytes, ...id } })
  }

  const parsed = parse(payload)
  if ('fault' in parsed) park(parsed.fault, payload.length)
  else {
    const values: unknown[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value]
    const tooLong = faultOfLength(values)
    if (tooLong !== undefined) park(tooLong, payload.length)
    else {
      for (const value of values) {
        const checked = checkSighting(value)
        if ('fault' in checked) {
          park(checked.fault, Math.round(payload.length / values.length), value)
          continue
        }
        const { id, atMs, data } = checked
        const record = {
          kind: 'sighting',
          receivedAt,
          place,
          data,
          ...placeInTime(atMs, receivedAt, doubtMs),
        } as const
        items.push({ id: sightingRecordId(id), record })
      }
    }
  }
  return { items, parked: faults.length, faults }
}
