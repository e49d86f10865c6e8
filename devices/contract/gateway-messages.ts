import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { ErrorCode } from '../../core/errors.ts'
import type { EventId } from '../../core/words.ts'
import { isZone } from '../../core/zone.ts'
import { type DataOf, dataSchemas, EventIdSchema, maxTimeLength } from './kinds.ts'
import {
  type CompiledSchema,
  checkStatus,
  cleanSighting,
  describe,
  type Fault,
  isEventId,
  momentOf,
  personFault,
  textsOfPerson,
  timeFault,
} from './validate.ts'

/** Messages that only the account of a gateway may send: docs/wire.md, Gateways. */
const time = Type.String({ maxLength: maxTimeLength, description: 'RFC 3339, with an offset or Z.' })
const name = (description: string) => Type.String({ minLength: 1, maxLength: 64, description })

export const PlaceSchema = Type.Object({
  kind: Type.Enum(['terminal', 'checkpoint'], { description: 'A door terminal or a road checkpoint.' }),
  site: name('One of the sites that the account speaks for.'),
  building: name('The building, or the gate of a site.'),
  point: name('The door or lane.'),
  zone: Type.String({ maxLength: 64, description: 'IANA time zone.' }),
  household: Type.Optional(
    Type.Boolean({
      description: 'true: the door of one household, which analysts see in no number of its building.',
    }),
  ),
})
export type AnnouncedPlace = Static<typeof PlaceSchema>

export const SightingSchema = Type.Object({
  id: Type.Unsafe<string>({ ...EventIdSchema, description: 'Id of the event that the picture belongs to.' }),
  time,
  data: dataSchemas.sighting,
})

const ReportedStatusSchema = Type.Object({ id: EventIdSchema, time })

const placeValidator: CompiledSchema = Compile(PlaceSchema)
const sightingValidator: CompiledSchema = Compile(SightingSchema)
const reportedStatusValidator: CompiledSchema = Compile(ReportedStatusSchema)

interface Happened<D> {
  readonly id: EventId
  readonly atMs: number
  readonly data: D
}

export function checkPlace(value: unknown): { readonly place: AnnouncedPlace } | { readonly fault: Fault } {
  if (!placeValidator.Check(value)) return fault('PLACE_INVALID', describe(placeValidator, value))
  const { kind, site, building, point, zone, household } = value as AnnouncedPlace
  if (!isZone(zone)) return fault('PLACE_INVALID', '/zone must be an IANA time zone such as Asia/Shanghai')
  // Only if it is true: an edge node that does not know it must not undo what the centre knows.
  return { place: { kind, site, building, point, zone, ...(household ? { household } : {}) } }
}

export function checkSighting(value: unknown): Happened<DataOf<'sighting'>> | { readonly fault: Fault } {
  if (!sightingValidator.Check(value)) return fault('SIGHTING_INVALID', describe(sightingValidator, value))
  const { id, time, data } = value as Static<typeof SightingSchema>
  const atMs = momentOf(time)
  if (!isEventId(id, atMs)) return fault('SIGHTING_INVALID', "/id must not be a person's number")
  const [personal] = textsOfPerson('sighting', data)
  if (personal !== undefined) return fault('SIGHTING_INVALID', `/data/${personal} ${personFault}`)
  return Number.isNaN(atMs) ? fault('SIGHTING_INVALID', timeFault) : { id, atMs, data: cleanSighting(data) }
}

/** Checks a device's status that a gateway reports. It has an id, so that it is stored once, and a time, since it may come late. */
export function checkReportedStatus(
  value: unknown,
): (Happened<DataOf<'status'>> & { readonly mended: readonly string[] }) | { readonly fault: Fault } {
  const checked = checkStatus(value)
  if ('fault' in checked) return checked
  if (!reportedStatusValidator.Check(value))
    return fault('STATUS_INVALID', describe(reportedStatusValidator, value))
  const { id, time } = value as Static<typeof ReportedStatusSchema>
  const atMs = momentOf(time)
  if (!isEventId(id, atMs)) return fault('STATUS_INVALID', "/id must not be a person's number")
  return Number.isNaN(atMs) ? fault('STATUS_INVALID', timeFault) : { id, atMs, ...checked }
}

const fault = (code: ErrorCode, reason: string) => ({ fault: { code, reason } })
