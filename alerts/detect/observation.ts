import type { DeviceId, EventId, Seq } from '../../core/words.ts'
import { eventTypes, type Kind } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { eventOfRecordId } from '../../devices/contract/record-ids.ts'
import type { Source } from '../rules/rule.ts'
import { inOrder } from './in-order.ts'
import type { Listening } from './listening.ts'
import type { Unit } from './unit.ts'

/** A record of the journal. */
export interface Observation {
  readonly seq: Seq
  readonly device: DeviceId
  /** Id of its record; absent in recordings. */
  readonly id?: EventId
  readonly record: EventRecord
}

/** The whole state of a detector is a map of plain JSON: `head`, and one value for each device, point and site. */
export type Saved = readonly [key: string, value: unknown]

/** The service gives a status its id, so that id refers to no event of the device. */
export const sourceOf = (device: DeviceId, id: EventId | undefined, kind: Kind): Source =>
  id === undefined || kind === 'status' ? { device } : { device, event: eventOfRecordId(id) }

/** In listening time. Live events of a device, and what was seen on their pictures, are kept in order. */
export function whenOf(
  unit: Unit,
  { kind, at }: EventRecord,
  { now, offset }: Listening,
  late: boolean,
): number {
  const when = at + offset
  const isSaid = (eventTypes as readonly Kind[]).includes(kind)
  if (late || !(isSaid || kind === 'sighting')) return when
  if (isSaid) unit.said = inOrder(unit.said, when, now)
  return when + (unit.said?.shiftMs ?? 0)
}
