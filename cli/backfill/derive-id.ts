import { createHash } from 'node:crypto'
import { Latest } from '../../core/latest.ts'
import { parseRfc3339 } from '../../core/rfc3339.ts'
import { type EventType, eventTypes, fieldsOf } from '../../devices/contract/kinds.ts'

/** Equal rows get different ids unless more than this many others lie between them. */
const keptRecent = 100_000
const knownMembers = new Map<unknown, readonly string[]>(
  eventTypes.map((type: EventType) => [type, fieldsOf(type).map(({ name }) => name)]),
)

/**
 * Derives an id for an event without one, from its content: the same row has the same id in every file. Of completely
 * equal rows, such as two passages in the same second, the second gets a different id. Only members of the contract are
 * used, because others may be about a person. 128 bits as letters: digits could look like a person's number.
 */
export function createIdDeriver(): (device: string, event: object) => string {
  const recent = new Latest<string, number>(keptRecent)
  return (device, event) => {
    const key = digestOf(contentOf(device, event)).toString('base64')
    const nth = (recent.get(key) ?? 0) + 1
    recent.set(key, nth)
    const letters = [...digestOf(`${key} ${nth}`).subarray(0, 16)].map(byte =>
      String.fromCharCode(97 + (byte >> 4), 97 + (byte & 15)),
    )
    return `backfill-${letters.join('')}`
  }
}

const digestOf = (text: string) => createHash('sha256').update(text).digest()

/** The same however its time is written, and in whatever order its members come. */
function contentOf(device: string, event: object): string {
  const { type, time, data } = event as { type?: unknown; time?: unknown; data?: unknown }
  const atMs = parseRfc3339(String(time))
  const members = (knownMembers.get(type) ?? []).map(name => Object(data)[name] ?? null)
  return JSON.stringify([device, type, Number.isNaN(atMs) ? time : atMs, members])
}
