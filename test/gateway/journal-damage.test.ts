import { readFileSync, writeFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pageBytes } from '../../core/lmdb-file/pages.ts'
import { Batch } from '../../gateway/journal/frame.ts'
import { answerWords } from '../../gateway/journal/group-commit.ts'
import { openLmdbJournalReader } from '../../gateway/journal/lmdb-reader.ts'
import { openWriter, type Writer } from '../../gateway/journal/lmdb-writer.ts'
import { mendJournal } from '../../gateway/journal/mend.ts'
import type { Remembrance } from '../../gateway/journal/rebuild.ts'
import { type Damage, damage, damages } from '../support/damage.ts'
import { printedSeed, seededRandom } from '../support/random.ts'
import { passage, someMoment, somewhere } from '../support/records.ts'

const deviceCount = 50
const records = 3000
/** By hand, with more: `LINTEL_DAMAGES=100 npx vitest run test/gateway/journal-damage.test.ts`. */
const perKind = Number(process.env.LINTEL_DAMAGES ?? 12)
const limits = { maxRememberedIds: 1e6, maxParked: 1000, registered: [] }
const deviceOf = (n: number) => `door-${n % deviceCount}`
const idOf = (n: number) => `boot1-${n}`
/** Known to all who read: nothing behind it may be given out again. */
let remembrance: Remembrance

const random = seededRandom(printedSeed('damage'))
let home: string
let sound: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lintel-'))
  sound = join(home, 'sound')
  await mkdir(sound)
  const id = await journalOf(sound, [1, 1, 2, 30, 200])
  remembrance = { journals: new Map([[id, records]]), registered: [] }
}, 60_000)
afterAll(() => rm(home, { recursive: true, force: true }))

describe('a journal of which', () => {
  for (const kind of Object.keys(damages) as Damage[]) {
    test(`${kind} goes on, and each record is there once or told as lost`, { timeout: 300_000 }, async () => {
      const outcomes: Record<string, number> = {}
      const count = (what: string) => {
        outcomes[what] = (outcomes[what] ?? 0) + 1
      }
      for (let n = 0; n < perKind; n++) {
        const directory = await copyOf(sound)
        const where = damage(join(directory, 'data.mdb'), kind, random)
        const health = await mendJournal(directory, remembrance, someMoment)
        count(health.kind)
        const seen = await use(directory)
        const note = `${where}: ${JSON.stringify({ health, seen: { ...seen, ids: seen.ids.size } })}`
        expect(seen.twice, note).toBe(0)
        expect(seen.ids.size + seen.damaged, note).toBe(records)
        expect(seen.wrongPlaces, note).toBe(0)
        expect(seen.stored, note).toBeLessThanOrEqual(records)
        // A device whose name is lost is another one when it comes again.
        const isNamed = health.kind !== 'mended' || health.mended.nameless === 0
        const doubled = seen.storedAgain.filter(id => seen.ids.has(id))
        if (isNamed) expect(doubled, note).toEqual([])
        if (seen.nameless > 0) expect(isNamed, note).toBe(false)
        if (!isNamed) count('names lost, and told')
        expect(seen.next, note).toBe(records + 1)
        if (seen.damaged > 0) count('records lost, and told')
        if (seen.storedAgain.length > seen.damaged) count('more ids forgotten than records lost')
        if (health.kind === 'mended') {
          // What was rebuilt is whole.
          expect((await mendJournal(directory, remembrance, someMoment)).kind, note).toBe('sound')
        }
        await rm(directory, { recursive: true })
      }
      process.stdout.write(`${kind}: ${JSON.stringify(outcomes)}\n`)
    })
  }
})

test('ids of records that were freed long ago are known again where nothing leads to them any more', async () => {
  const directory = await copyOf(sound)
  const writer = openWriter({ directory, ...limits })
  writer.trim(records, Number.POSITIVE_INFINITY, 1e6)
  expect(writer.stats().records).toBe(0)
  await writer.close()
  // The page that names the tables, wherever a copy of it lies.
  const file = join(directory, 'data.mdb')
  const bytes = readFileSync(file)
  let wiped = 0
  for (let start = 2 * pageBytes; start < bytes.length; start += pageBytes) {
    const page = bytes.subarray(start, start + pageBytes)
    if (!['seen', 'tally', 'place'].every(name => page.includes(name))) continue
    page.fill(0)
    wiped++
  }
  expect(wiped).toBeGreaterThan(0)
  writeFileSync(file, bytes)
  expect(await mendJournal(directory, remembrance, someMoment)).toMatchObject({ kind: 'mended' })
  const again = openWriter({ directory, ...limits })
  const outcomes = [0, 1000, 2000].flatMap(from => [
    ...append(
      again,
      Array.from({ length: 1000 }, (_, i) => from + i),
    ),
  ])
  await again.close()
  expect(outcomes.filter(outcome => answerWords[outcome] !== 'duplicate')).toEqual([])
})

/** Three openings, whose commits have these sizes. */
async function journalOf(directory: string, sizes: readonly number[]): Promise<string> {
  let id = ''
  let n = 0
  for (let opening = 1; opening <= 3; opening++) {
    const writer = openWriter({ directory, ...limits })
    while (n < (records * opening) / 3) {
      const size = Math.min(records - n, sizes[Math.floor(random() * sizes.length)]!)
      append(
        writer,
        Array.from({ length: size }, (_, i) => n + i),
      )
      n += size
    }
    id = writer.id
    await writer.close()
  }
  return id
}

/** Takes what comes as the gateway does; returns the outcome of each as its code. */
function append(writer: Writer, numbers: readonly number[]): Uint8Array {
  const { devices, places } = writer.numbered()
  const known = new Map(devices)
  const placeOf = new Map(places.map(([place, number]) => [place.device, number]))
  const added = { devices: [] as [string, number][], places: [] as [typeof somewhere, number][] }
  const next = (map: Map<string, number>) => Math.max(0, ...map.values()) + 1
  const batch = new Batch(new ArrayBuffer(1024 * 1024))
  for (const n of numbers) {
    const device = deviceOf(n)
    if (!known.has(device)) {
      known.set(device, next(known))
      added.devices.push([device, known.get(device)!])
    }
    if (!placeOf.has(device)) {
      placeOf.set(device, next(placeOf))
      added.places.push([{ ...somewhere, id: n % deviceCount, device }, placeOf.get(device)!])
    }
    batch.append(known.get(device)!, 'event', { id: idOf(n), record: passage() }, placeOf.get(device)!)
  }
  return writer.commit(Buffer.from(batch.take(), 0, batch.length), numbers.length, added, someMoment).outcomes
}

/** Reads all, sends all again, and adds one that is new. */
async function use(directory: string) {
  const writer = openWriter({ directory, ...limits })
  const reader = openLmdbJournalReader(directory)
  try {
    const ids = new Set<string>()
    let [at, damaged, twice, wrongPlaces, nameless] = [0, 0, 0, 0, 0]
    for (;;) {
      const read = reader.read(at, 1000)
      damaged += read.damaged + read.freed
      for (const { id, device, record } of read.entries) {
        if (ids.has(id)) twice++
        ids.add(id)
        const { place } = record
        if (device.startsWith('lost-') || place.site === 'lost') nameless++
        else if (device !== deviceOf(Number(id.slice(6))) || place.device !== device) wrongPlaces++
      }
      at = read.next
      if (read.entries.length === 0) break
    }
    const stored = [...reader.audit(0).tallies.values()].reduce((sum, { event }) => sum + event.stored, 0)
    const next = reader.end() + 1
    const storedAgain: string[] = []
    for (let from = 0; from < records; from += 1000) {
      const numbers = Array.from({ length: 1000 }, (_, i) => from + i)
      append(writer, numbers).forEach((outcome, i) => {
        if (answerWords[outcome] === 'stored') storedAgain.push(idOf(numbers[i]!))
      })
    }
    writer.trim(reader.end(), Number.POSITIVE_INFINITY, 1e6)
    expect(writer.stats().records).toBe(0)
    expect(reader.freedUpTo()).toBe(reader.end())
    return { ids, damaged, twice, wrongPlaces, nameless, stored, storedAgain, next }
  } finally {
    await reader.close()
    await writer.close()
  }
}

async function copyOf(directory: string): Promise<string> {
  const copy = join(home, `copy-${Math.floor(random() * 1e9)}`)
  await mkdir(copy)
  await cp(join(directory, 'data.mdb'), join(copy, 'data.mdb'))
  return copy
}
