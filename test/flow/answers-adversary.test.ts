import { assert, asyncProperty } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import { measureNames, measureOf } from '../../flow/measures.ts'
import { answerFlow } from '../../flow/query.ts'
import type { SmallNumbers } from '../../flow/scope.ts'
import type { SmallKind } from '../../flow/small/town.ts'
import { parseMoment } from '../../flow/zone.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Store } from '../../ingest/store/store.ts'
import { place, row } from '../ingest/store-batch.ts'
import { type Door, type DoorEvent, recordOf, someTown, type TownCase } from './door-towns.ts'
import { rangesOf, type Sum } from './suppression-adversary.ts'

const zone = 'Asia/Shanghai'
const day = parseMoment('2026-11-02', zone)
const k = 10
/** An exact solver has some hundred questions to answer for each town. */
const timeout = 150_000
/** Alerts are counted for nobody who sees no small number; net is the difference of two that are told. */
const measures = measureNames.filter(name => name !== 'alerts' && name !== 'net')
const kindOf = (measure: string) => measureOf(measure as 'passages').kind as SmallKind

async function storeOf({ doors }: TownCase): Promise<Store> {
  const store = createMemoryStore()
  let seq = 0
  const rows = doors.flatMap((door, index) =>
    door.events.map(event => {
      const at = day + event.hour * hourMs + (seq % 60) * minuteMs
      return row(++seq, recordOf(event, at), place(index + 1, { device: door.device, site: door.site, building: door.building })) // biome-ignore format: one line
    }),
  )
  await store.write({ journal: 'j', rows, next: rows.length })
  return store
}

function scopeOf({ doors }: TownCase): SmallNumbers {
  const open = doors.filter(({ household }) => !household)
  const places = open.map(({ site, building }) => ({ site, building, kind: 'terminal' as const }))
  const households = doors.filter(({ household }) => household)
  return { k, zone, now: day + 2 * dayMs, places, households, known: doors }
}

/** What an analyst is told of a day, by what: each row of each question. */
async function toldOf(town: TownCase, measure: string) {
  const store = await storeOf(town)
  const kind: string = kindOf(measure)
  const direction = kind === 'passage' || kind === 'vehicle' ? ['direction'] : []
  const questions = ['1d', '1h'].flatMap(every =>
    [[], ['site'], ['site', 'building']].map(by => ({ every, by })),
  )
  const rows: { hour: number | undefined; values: readonly string[]; direction: string; count: number | null }[] = [] // biome-ignore format: one line
  for (const { every, by } of questions) {
    const answer = await answerFlow(
      { measure, from: '2026-11-02', to: '2026-11-03', every, by: [...by, ...direction], zone },
      store,
      { smallNumbers: scopeOf(town) },
    )
    for (const { start, values, count, hidden } of answer.rows) {
      const hour = every === '1d' ? undefined : (Date.parse(start) - day) / hourMs
      const ofDirection = direction.length === 0 ? '' : values.at(-1)!
      rows.push({
        hour,
        values: values.slice(0, by.length),
        direction: ofDirection,
        count: hidden === undefined ? count : null,
      })
    }
  }
  return rows
}

const isCounted = (event: DoorEvent, measure: string, direction: string): boolean => {
  const { kind, where } = measureOf(measure as 'passages')
  const record = recordOf(event, 0)
  const data = record.data as Record<string, unknown>
  const fits = Object.entries(where).every(([member, words]) => (words as string[]).includes(String(data[member]))) // biome-ignore format: one line
  return record.kind === kind && fits && (direction === '' || data.direction === direction)
}

/** What one event adds to the number. */
const worth = (event: DoorEvent, measure: string): number => {
  const { sum } = measureOf(measure as 'passages') as { sum?: string }
  return sum === undefined || sum === 'openMs' ? 1 : (event.worth ?? 0)
}

/**
 * The least and the most that each hidden number could be, those of single households among them, for who knows all
 * answers, which doors there are, and that counts are whole and not negative.
 */
async function recovered(town: TownCase, measure: string): Promise<string[]> {
  const rows = await toldOf(town, measure)
  const found: string[] = []
  for (const direction of new Set(rows.map(one => one.direction))) {
    const hours = [...new Array(24).keys()]
    /** A leaf for each door and hour. */
    const leaf = (door: number, hour: number) => door * 24 + hour
    const truth = new Array<number>(town.doors.length * 24).fill(0)
    town.doors.forEach(({ events }, door) => {
      for (const event of events)
        if (isCounted(event, measure, direction)) truth[leaf(door, event.hour)]! += worth(event, measure)
    })
    const sumOf = (takes: (door: Door) => boolean, hour: number | undefined): Sum => {
      const leaves = town.doors.flatMap((door, index) =>
        takes(door) ? (hour === undefined ? hours : [hour]).map(at => leaf(index, at)) : [],
      )
      return { leaves, count: leaves.reduce((sum, one) => sum + truth[one]!, 0) }
    }
    const known: Sum[] = []
    const asked: (Sum & { readonly name: string })[] = []
    for (const { hour, values, direction: of, count } of rows) {
      if (of !== direction) continue
      const [site, building] = values
      const sum = sumOf(
        door => (site === undefined || door.site === site) && (building === undefined || (door.building === building && !door.household)),
        hour,
      ) // biome-ignore format: one line
      if (count === null) asked.push({ ...sum, name: `${values} ${hour ?? 'day'}` })
      else {
        // Seconds are told where their rows are: what is held against the least number are those.
        if (measure !== 'door-open') expect([values, hour, count]).toEqual([values, hour, sum.count])
        expect(sum.count).toBeGreaterThanOrEqual(k)
        known.push(sum)
      }
    }
    for (const { device, household } of town.doors) {
      if (!household) continue
      for (const hour of [undefined, ...hours])
        asked.push({ ...sumOf(door => door.device === device, hour), name: `${device} ${hour ?? 'day'}` })
    }
    const ranges = rangesOf(truth.length, known, asked, k)
    asked.forEach(({ name, count }, index) => {
      const { least, most } = ranges[index]!
      if (most - least < k) found.push(`${measure} ${direction} ${name} = ${count}: ${least}..${most}`)
    })
  }
  return found
}

describe('all that an analyst can ask of a day tells', () => {
  for (const measure of measures) {
    test(`no ${measure} of a household or of another small place, whatever the size of the household`, {
      timeout,
    }, async () => {
      await assert(
        asyncProperty(someTown(kindOf(measure)), async town => {
          expect(await recovered(town, measure)).toEqual([])
        }),
        { numRuns: 4 },
      )
    })
  }

  test('the same rows, whether anything happened at a household or not, and names no building of households alone', {
    timeout,
  }, async () => {
    await assert(
      asyncProperty(someTown('passage'), async town => {
        const silent = { doors: town.doors.map(door => (door.household ? { ...door, events: [] } : door)) }
        for (const measure of ['passages', 'denied']) {
          const rowsOf = async (one: TownCase) =>
            (await toldOf(one, measure)).map(({ hour, values, direction }) => [hour, ...values, direction].join()).sort() // biome-ignore format: one line
          const rows = await rowsOf(town)
          expect(rows).toEqual(await rowsOf(silent))
          expect(rows.filter(name => name.includes('villa'))).toEqual([])
        }
      }),
      { numRuns: 4 },
    )
  })
})
