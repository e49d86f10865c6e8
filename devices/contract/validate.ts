import { Compile } from 'typebox/compile'
import { type ErrorCode, errorCodes } from '../../core/errors.ts'
import { parseRfc3339 } from '../../core/rfc3339.ts'
import { eventIdPattern } from '../../core/words.ts'
import {
  type DataOf,
  type DeviceEvent,
  dataSchemas,
  type EventType,
  eventSchema,
  eventTypes,
  type Kind,
  kindCodes,
  maxTimeLength,
  maxUint32,
} from './kinds.ts'
import { mendMembers } from './mend-members.ts'
import { sixDigits } from './personal.ts'
import { holdsPersonalNumber, isIdOfPerson } from './personal-number.ts'

/** The fault of a payload, or of one event of it, that can never be stored. `reason` names the member and the rule, never a value. */
export interface Fault {
  readonly code: ErrorCode
  readonly reason: string
}

export type Checked =
  | {
      readonly event: DeviceEvent
      readonly atMs: number
      /** Members that were repaired or removed. */
      readonly mended: readonly string[]
    }
  | { readonly fault: Fault }

export interface CompiledSchema {
  Check(value: unknown): boolean
  Errors(value: unknown): { keyword: string; instancePath: string; params: object; message: string }[]
}

const validators = new Map<unknown, CompiledSchema>(
  eventTypes.map(type => [type, Compile(eventSchema(type))]),
)
const statusValidator: CompiledSchema = Compile(dataSchemas.status)
const sightingValidator: CompiledSchema = Compile(dataSchemas.sighting)
const eventId = new RegExp(eventIdPattern)
const noMembers: readonly string[] = []

/**
 * Checks one parsed event against the contract. A valid passage takes 0.4 of the time of its JSON.parse, including the
 * parsing of its time.
 */
export function checkEvent(value: unknown): Checked {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fault('EVENT_INVALID', 'an event must be a JSON object')
  }
  const { id, type, time, data } = value as Record<string, unknown>
  const atMs = momentOf(time)
  if (!isEventId(id, atMs)) {
    return fault('EVENT_ID_INVALID', `/id must match ${eventIdPattern} and must not be a person's number`)
  }
  const validator = validators.get(type)
  if (validator === undefined)
    return fault('EVENT_TYPE_UNKNOWN', `/type must be one of ${eventTypes.join(', ')}`)
  const mended = mend(type as EventType, validator, value, data)
  if (mended === undefined) return fault('EVENT_INVALID', describe(validator, value))
  if (Number.isNaN(atMs)) {
    return fault('EVENT_TIME_INVALID', timeFault)
  }
  coarsen(type as EventType, data)
  return { event: value as DeviceEvent, atMs, mended }
}

/** Repairs what can be repaired in a value that breaks its schema; undefined if that is not enough. */
function mend(
  kind: Kind,
  validator: CompiledSchema,
  value: unknown,
  data: unknown,
): readonly string[] | undefined {
  let mended = noMembers
  if (!validator.Check(value)) {
    mended = mendMembers(kind, data)
    if (mended.length === 0 || !validator.Check(value)) return undefined
  }
  // All texts are optional members.
  const personal = textsOfPerson(kind, data)
  for (const name of personal) delete (data as Record<string, unknown>)[name]
  return personal.length === 0 ? mended : [...new Set([...mended, ...personal])]
}

/** Epoch ms of a time in a message; NaN if it is missing or invalid. */
export const momentOf = (time: unknown): number =>
  typeof time === 'string' && time.length <= maxTimeLength ? parseRfc3339(time) : Number.NaN

export const timeFault = '/time must be RFC 3339 with an offset or Z, such as 2026-11-21T08:30:00+08:00'

/** `at` is the time that came with the id, epoch ms: an id may begin with it. */
export function isEventId(id: unknown, at?: number): id is string {
  return typeof id === 'string' && id.length <= 64 && eventId.test(id) && !isIdOfPerson(id, at)
}

export type CheckedStatus =
  | { readonly data: DataOf<'status'>; readonly mended: readonly string[] }
  | { readonly fault: Fault }

export function checkStatus(value: unknown): CheckedStatus {
  const mended = mend('status', statusValidator, value, value)
  if (mended === undefined) return fault('STATUS_INVALID', describe(statusValidator, value))
  return { data: value as DataOf<'status'>, mended }
}

export const isSightingData = (value: unknown): value is DataOf<'sighting'> => sightingValidator.Check(value)

/** A sighting from elsewhere, cut to what may be stored. Undefined if it is no sighting, or if a text of it holds a person's number. */
export function keptSighting(value: unknown): DataOf<'sighting'> | undefined {
  if (!isSightingData(value) || textsOfPerson('sighting', value).length > 0) return undefined
  return cleanSighting(value)
}

/** Removes a reason that is none of our codes, since it may be any word; keeps what was seen. */
export function cleanSighting(data: DataOf<'sighting'>): DataOf<'sighting'> {
  if (data.reason !== undefined && !Object.hasOwn(errorCodes, data.reason)) delete data.reason
  coarsen('sighting', data)
  return data
}

export const personFault = "must not hold a person's number"

interface Member {
  readonly type?: string
  readonly enum?: unknown
  readonly maximum?: number
}
const membersOf = (wanted: (member: Member) => boolean) =>
  new Map<Kind, readonly string[]>(
    kindCodes.map(kind => {
      const members = Object.entries(dataSchemas[kind].properties) as [string, Member][]
      return [kind, members.filter(([, member]) => wanted(member)).map(([name]) => name)]
    }),
  )
const texts = membersOf(({ type, enum: words }) => type === 'string' && words === undefined)
const measured = membersOf(
  ({ type, maximum = 0 }) => type === 'number' || (type === 'integer' && maximum > maxUint32),
)

/** The texts which a record of this kind keeps as they came, and which hold a person's number. */
export function textsOfPerson(kind: Kind, data: unknown): readonly string[] {
  const members = texts.get(kind)!
  if (members.length === 0) return members
  const values = data as Readonly<Record<string, string | undefined>>
  return members.filter(name => holdsPersonalNumber(values[name] ?? ''))
}

/**
 * Rounds measurements to six digits: eleven would be a mobile number, with a point in it or without. Whole numbers of up
 * to 32 bits have at most ten digits, and stay as they are.
 */
function coarsen(kind: Kind, data: unknown): void {
  const values = data as Record<string, number | undefined>
  for (const name of measured.get(kind)!) {
    const value = values[name]
    if (value !== undefined) values[name] = sixDigits(value)
  }
}

function fault(code: ErrorCode, reason: string): { fault: Fault } {
  return { fault: { code, reason } }
}

/** The first fault that the schema finds: member and rule, never a value. */
export function describe(validator: CompiledSchema, value: unknown): string {
  const first = validator.Errors(value)[0]
  if (first === undefined) return 'it does not match the contract'
  const params = first.params as {
    allowedValues?: unknown[]
    requiredProperties?: string[]
    pattern?: unknown
  }
  const where = first.instancePath === '' ? 'the object' : first.instancePath
  if (first.keyword === 'required') return `${where} lacks ${params.requiredProperties?.join(', ')}`
  if (first.keyword === 'enum') return `${where} must be one of ${params.allowedValues?.join(', ')}`
  return `${where} ${first.message}`
}
