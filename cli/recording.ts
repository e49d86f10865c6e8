import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Recorded } from '../alerts/detect/replay.ts'
import { LintelError } from '../core/errors.ts'
import { fileFault } from '../core/files.ts'
import { parseRfc3339 } from '../core/rfc3339.ts'
import type { Place } from '../core/words.ts'
import {
  type EventType,
  eventTypes,
  fieldsOf,
  type StoredKind,
  storedKinds,
} from '../devices/contract/kinds.ts'
import type { EventRecord } from '../devices/contract/record.ts'
import { checkEvent, checkStatus, isSightingData, timeFault } from '../devices/contract/validate.ts'
import { DeviceClocks } from '../gateway/admit/device-clock.ts'
import { placeInTime } from '../gateway/admit/place-in-time.ts'
import { identify } from '../gateway/journal/content.ts'
import { KnownIds } from '../gateway/journal/known-ids.ts'

/** Values for lines without their own. */
export interface RecordingDefaults {
  readonly device?: string
  readonly site?: string
  readonly building?: string
  readonly point?: string
  readonly kind?: string
  /** As if each event had been received when it happened: late ones are judged, too. */
  readonly live?: boolean
}

/** Placeholder until all records are read: whether a device was moved shows only by comparing consecutive records. */
const nowhere: Place = { id: 0, device: '', site: '', building: '', point: '', zone: 'UTC' }

type Line = Readonly<Record<string, unknown>>
type Names = Omit<Place, 'id' | 'zone'>
interface Read {
  readonly names: Names
  readonly id: string | undefined
  /** True for a device's event, whose time is by the device's clock; false for an exported row, whose time is already corrected. */
  readonly isSaid: boolean
  readonly record: EventRecord
}

const maxRecords = 2_000_000
const isEventType = (kind: string): kind is EventType => (eventTypes as readonly string[]).includes(kind)

/**
 * Reads recorded events as JSON lines: events or arrays of them as devices publish them, or rows of `lintel export`,
 * one kind per file. They are returned in order of receipt. A repetition under the same id counts once, a different
 * event under that id is marked. Throws RECORDING_INVALID with the file and the line.
 */
export async function readRecording(
  paths: readonly string[],
  defaults: RecordingDefaults,
): Promise<Recorded[]> {
  const read: Read[] = []
  const known = new KnownIds()
  for (const path of paths) {
    let line = 0
    try {
      const input = path === '-' ? process.stdin : createReadStream(path)
      for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        line++
        if (text.trim() === '') continue
        const value: unknown = JSON.parse(text)
        for (const one of Array.isArray(value) ? value : [value]) {
          const item = readLine(one, defaults)
          const kept = keptOf(item, known)
          if (kept === undefined) continue
          if (read.push(kept) > maxRecords)
            throw new Error(`more than ${maxRecords} records: cut it into pieces`)
        }
      }
    } catch (error) {
      throw new LintelError(
        'RECORDING_INVALID',
        `${path}${line === 0 ? '' : `:${line}`}: ${fileFault(error)}`,
      )
    }
  }
  return placed(read.sort((a, b) => a.record.receivedAt - b.record.receivedAt || a.record.at - b.record.at))
}

/** Undefined if its id is known, as in the journal; a different event under a known id is marked. */
function keptOf(item: Read, known: KnownIds): Read | undefined {
  const { names, id, isSaid, record } = item
  if (id === undefined) return item
  // A row was stored under its id, separately for each kind.
  const key = `${names.device}/${isSaid ? '' : record.kind}/${id}`
  const likeness = known.add(key, identify(record, isSaid ? record.at : undefined))
  if (likeness === 'new') return item
  return likeness === 'other' ? { ...item, record: { ...record, reused: true } } : undefined
}

/** A device found at another place has been moved, and gets a new place. */
function placed(read: readonly Read[]): Recorded[] {
  const stands = new Map<string, Place>()
  const clocks = new DeviceClocks()
  const newest = newestOfMessages(read)
  let places = 0
  return read.map(({ names, record, isSaid }, index) => {
    const { device, site, building, point } = names
    let place = stands.get(device)
    if (place?.site !== site || place.building !== building || place.point !== point) {
      place = { ...names, id: ++places, zone: 'UTC' }
      stands.set(device, place)
    }
    if (!isSaid) return { device, place, record: { ...record, place } }
    const clock = clocks.of(device)
    const newestAt = newest[index]
    if (newestAt !== undefined) clock.hear(newestAt, record.receivedAt)
    return { device, place, record: { ...record, ...clock.place(record.at, record.receivedAt), place } }
  })
}

/**
 * Events of a device with the same receipt came in one message: its first event gets the newest time in it, the others
 * undefined. The input is ordered by receipt, then by time.
 */
function newestOfMessages(read: readonly Read[]): (number | undefined)[] {
  const newest: (number | undefined)[] = []
  const messages = new Map<string, { readonly first: number; readonly receivedAt: number }>()
  for (const [index, { names, record, isSaid }] of read.entries()) {
    if (!isSaid) continue
    const { at, receivedAt } = record
    const known = messages.get(names.device)
    if (known?.receivedAt === receivedAt) newest[known.first] = at
    else {
      messages.set(names.device, { first: index, receivedAt })
      newest[index] = at
    }
  }
  return newest
}

function readLine(value: unknown, defaults: RecordingDefaults): Read {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('it is no JSON object')
  const line = value as Line
  const names = namesOf(line, defaults)
  const at = timeOf(line.time, 'time')
  const receivedAt = defaults.live || line.received == null ? at : timeOf(line.received, 'received')
  const id = typeof line.id === 'string' ? line.id : undefined
  if (typeof line.type === 'string') {
    const data = checkData(line.type, line.data, line.time)
    const record = { kind: line.type, at, receivedAt, late: false, skewed: false, place: nowhere, data }
    return { names, id, isSaid: true, record: record as EventRecord }
  }
  const kind = kindOf(line, defaults)
  const members = fieldsOf(kind).filter(({ name }) => line[name] != null)
  const data = checkData(kind, Object.fromEntries(members.map(({ name }) => [name, line[name]])), line.time)
  const { late, skewed } = { ...placeInTime(at, receivedAt), ...(defaults.live ? {} : flagsOf(line)) }
  const record = { kind, at, receivedAt, late, skewed, place: nowhere, data } as EventRecord
  return { names, id, isSaid: false, record }
}

function namesOf(line: Line, defaults: RecordingDefaults): Names {
  const name = (member: 'device' | 'site' | 'building' | 'point') => {
    const given = line[member] ?? defaults[member]
    return typeof given === 'string' && given !== '' ? given : undefined
  }
  const device = name('device')
  if (device === undefined) throw new Error('it has no device: give it one, or say --device')
  return {
    device,
    site: name('site') ?? 'site',
    building: name('building') ?? 'building',
    point: name('point') ?? device,
  }
}

function timeOf(value: unknown, member: string): number {
  const at = typeof value === 'string' ? parseRfc3339(value) : Number.NaN
  if (Number.isNaN(at)) throw new Error(timeFault.replace('/time', member))
  return at
}

const flagsOf = ({ late, skewed }: Line) => ({
  ...(typeof late === 'boolean' ? { late } : {}),
  ...(typeof skewed === 'boolean' ? { skewed } : {}),
})

/** An exported row does not state its kind; its columns show it. */
function kindOf(line: Line, defaults: RecordingDefaults): StoredKind {
  const told = line.kind ?? defaults.kind
  const kind =
    told === undefined
      ? storedKinds.find(kind => fieldsOf(kind).every(({ name, type }) => type === 'boxes' || name in line))
      : storedKinds.find(kind => kind === told)
  if (kind === undefined) throw new Error('it is neither an event nor a row of an export: say --kind')
  return kind
}

function checkData(kind: string, data: unknown, time: unknown): unknown {
  if (kind === 'status') {
    const checked = checkStatus(data)
    if ('fault' in checked) throw new Error(checked.fault.reason)
    return checked.data
  }
  if (kind === 'sighting') {
    if (!isSightingData(data)) throw new Error('it is no sighting of the contract')
    return data
  }
  if (!isEventType(kind)) throw new Error(`type must be one of ${storedKinds.join(', ')}`)
  const checked = checkEvent({ id: 'line', type: kind, time, data })
  if ('fault' in checked) throw new Error(checked.fault.reason)
  return checked.event.data
}
