import { Compile } from 'typebox/compile'
import type { ErrorCode } from '../../core/errors.ts'
import { parseRfc3339 } from '../../core/rfc3339.ts'
import { eventIdPattern } from '../../core/words.ts'
import {
  type DataOf,
  type DeviceEvent,
  dataSchemas,
  deniedReasons,
  eventSchema,
  eventTypes,
} from './kinds.ts'
import { holdsPersonalNumber } from './personal.ts'

/** Why a payload, or one event of it, can never be stored. `reason` names the member and the rule, never a value. */
export interface Fault {
  readonly code: ErrorCode
  readonly reason: string
}

export type Checked = { readonly event: DeviceEvent; readonly atMs: number } | { readonly fault: Fault }

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
const knownReasons = new Set<unknown>(deniedReasons)

/** Checks one parsed event against the contract. A valid passage costs 0.4 of its JSON.parse, its time included. */
export function checkEvent(value: unknown): Checked {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fault('EVENT_INVALID', 'an event must be a JSON object')
  }
  const { id, type, time, data } = value as Record<string, unknown>
  if (!isEventId(id)) {
    return fault('EVENT_ID_INVALID', `/id must match ${eventIdPattern} and must not be a person's number`)
  }
  const validator = validators.get(type)
  if (validator === undefined)
    return fault('EVENT_TYPE_UNKNOWN', `/type must be one of ${eventTypes.join(', ')}`)
  if (type === 'passage') foldReason(data)
  if (!validator.Check(value)) return fault('EVENT_INVALID', describe(validator, value))
  if (type === 'health' && holdsNumberOfPerson(data)) return fault('EVENT_INVALID', `/data${firmwareFault}`)
  const atMs = parseRfc3339(time as string)
  if (Number.isNaN(atMs)) {
    return fault('EVENT_TIME_INVALID', timeFault)
  }
  return { event: value as DeviceEvent, atMs }
}

export const timeFault = '/time must be RFC 3339 with an offset or Z, such as 2026-11-21T08:30:00+08:00'

export function isEventId(id: unknown): id is string {
  return typeof id === 'string' && id.length <= 64 && eventId.test(id) && !holdsPersonalNumber(id)
}

export function checkStatus(value: unknown): { readonly data: DataOf<'status'> } | { readonly fault: Fault } {
  if (!statusValidator.Check(value)) return fault('STATUS_INVALID', describe(statusValidator, value))
  if (holdsNumberOfPerson(value)) return fault('STATUS_INVALID', firmwareFault)
  return { data: value as DataOf<'status'> }
}

export const isSightingData = (value: unknown): value is DataOf<'sighting'> => sightingValidator.Check(value)

const firmwareFault = "/firmware must not hold a person's number"

/** The one text that a record keeps as it came. */
function holdsNumberOfPerson(data: unknown): boolean {
  const { firmware } = data as { firmware?: string }
  return firmware !== undefined && holdsPersonalNumber(firmware)
}

/** Firmware invents reasons; a denied passage must not be lost for an unlisted word, nor may free text rest. */
function foldReason(data: unknown): void {
  if (typeof data !== 'object' || data === null) return
  const passage = data as { reason?: unknown }
  if (typeof passage.reason === 'string' && !knownReasons.has(passage.reason)) passage.reason = 'other'
}

function fault(code: ErrorCode, reason: string): { fault: Fault } {
  return { fault: { code, reason } }
}

/** What the schema finds wrong first: member and rule, never a value. */
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
