import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noCalendar } from '../alerts/calendar/calendar.ts'
import { createSlots } from '../alerts/calendar/day.ts'
import { parseRules } from '../alerts/rules/rule-settings.ts'
import { createFlowWatch, flowStepMin } from '../alerts/unusual/flow-watch.ts'
import { dayMs, minuteMs } from '../core/clock.ts'
import { openLmdbState } from '../core/state/lmdb-state.ts'
import type { Table } from '../core/state/state.ts'
import type { Place } from '../core/words.ts'
import type { EventRecord } from '../devices/contract/record.ts'
import { createRandom } from '../devices/town/random.ts'
import { heldHeapBytes, round } from './machine.ts'

export const description =
  'unusual flow of a whole town: time, memory and pauses, [--points 10000] [--bins 4]'

const stepMs = flowStepMin * minuteMs
const weeksKnown = 4
const perPoint = 20

/** Points with an in and an out, which one point has learned for four weeks; then some bins of passages at all of them. */
export async function run({ points = 10_000, bins = 4 }: Record<string, number>) {
  const directory = mkdtempSync(join(tmpdir(), 'lintel-flow-'))
  const state = openLmdbState({ directory })
  try {
    return await measure(state, points, bins)
  } finally {
    await state.close()
    rmSync(directory, { recursive: true })
  }
}

async function measure(state: ReturnType<typeof openLmdbState>, points: number, bins: number) {
  const table = state.table<unknown>('watch-flow')
  const from = Date.UTC(2026, 2, 2)
  const now = from + (weeksKnown * 7 + 2.5) * dayMs
  const options = {
    settings: parseRules(),
    slotsOf: () => createSlots('UTC', noCalendar),
    isHousehold: () => false,
  }
  const known = learnOne(from, now, options)
  const before = heldHeapBytes()
  const saved = copies(known, points)
  const loadBegan = performance.now()
  const watch = createFlowWatch({ ...options, saved })
  const loadMs = performance.now() - loadBegan
  saved.length = 0
  const bytes = heldHeapBytes() - before

  const random = createRandom('flow watch')
  const judgings: number[] = []
  const savings: number[] = []
  let judgeUs = 0
  let savedBytes = 0
  let takeUs = 0
  for (let bin = 0; bin < bins; bin++) {
    const begin = now + bin * stepMs
    const records = Array.from({ length: points * perPoint }, (_, n) => {
      const at = begin + Math.floor((n / (points * perPoint)) * stepMs)
      const place = placeOf(Math.floor(random.next() * points))
      const direction = random.next() < 0.5 ? 'in' : 'out'
      const record: EventRecord = { kind: 'passage', at, receivedAt: at, late: false, skewed: false, place, data: { direction, result: 'granted', method: 'card' } } // biome-ignore format: a record
      return [{ seq: n + 1, device: place.device, record }, place] as const
    })
    const takeBegan = threadUs()
    for (const [observation, place] of records) watch.take(observation, place)
    takeUs += threadUs() - takeBegan
    watch.changed()
    watch.tick(begin + stepMs + 2 * minuteMs, { isAway: () => false })
    for (;;) {
      const began = threadUs()
      const judged = watch.judge(begin + stepMs + 2 * minuteMs)
      const took = threadUs() - began
      judgeUs += took
      judgings.push(took / 1000)
      if (judged === undefined) break
      await state.transact(() => {
        const saveBegan = threadUs()
        for (const [key, value] of judged.saved) put(table, key, value)
        savings.push((threadUs() - saveBegan) / 1000)
      })
      for (const [, value] of judged.saved)
        savedBytes += value === undefined ? 0 : JSON.stringify(value).length
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const updates = watch.stats().series * bins
  return {
    points,
    series: watch.stats().series,
    kilobytesPerPoint: round(bytes / points / 1024, 1),
    microsecondsPerRecord: round(takeUs / (points * perPoint * bins), 2),
    microsecondsPerUpdate: round(judgeUs / updates, 1),
    judgeMs: spread(judgings),
    saveMs: spread(savings),
    savesPerBin: Math.round(savings.length / bins),
    savedBytesPerUpdate: Math.round(savedBytes / updates),
    loadMs: Math.round(loadMs),
  }
}

type Options = Omit<Parameters<typeof createFlowWatch>[0], 'saved'>
const bytewise = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : 1)

/** What is saved of one point, by key, after some weeks. */
function learnOne(from: number, until: number, options: Options): [string, unknown][] {
  const random = createRandom('one point')
  const stored = new Map<string, unknown>()
  const watch = createFlowWatch(options)
  const place = placeOf(0)
  let seq = 0
  for (let at = from; at < until; at += minuteMs) {
    const busy = 0.2 + Math.max(0, Math.sin(((at % dayMs) / dayMs) * Math.PI))
    for (const direction of ['in', 'out'] as const) {
      if (random.next() > busy / 3) continue
      const record: EventRecord = { kind: 'passage', at, receivedAt: at, late: false, skewed: false, place, data: { direction, result: 'granted', method: 'card' } } // biome-ignore format: a record
      watch.take({ seq: ++seq, device: place.device, record }, place)
    }
    watch.tick(at + minuteMs, { isAway: () => false })
    for (const [key, value] of [...watch.changed(), ...(watch.judge(at)?.saved ?? [])]) {
      if (value === undefined) stored.delete(key)
      else stored.set(key, value)
    }
  }
  return [...stored].sort(bytewise)
}

/** The same of many points, each with objects of its own. */
function copies(one: readonly [string, unknown][], points: number): [string, unknown][] {
  const text = one.map(([key, value]) => [key, JSON.stringify(value)] as const)
  const { site, building, point } = placeOf(0)
  const name = `${site}/${building}/${point}`
  const shared = text.filter(([key]) => !key.includes(name))
  const all = Array.from({ length: points }, (_, n) => {
    const { site, building, point } = placeOf(n)
    return text.flatMap(([key, value]) => (key.includes(name) ? [[key.replace(name, `${site}/${building}/${point}`), value] as const] : [])) // biome-ignore format: one thing
  })
  return [...shared, ...all.flat()]
    .map(([key, value]) => [key, JSON.parse(value)] as [string, unknown])
    .sort(bytewise)
}

/** 100 buildings to a site, four points to a building. */
function placeOf(n: number): Place {
  const [site, building, point] = [`s${Math.floor(n / 400)}`, `b${Math.floor((n % 400) / 4)}`, `d${n % 4}`]
  return { id: 1, device: `${site}-${building}-${point}`, site, building, point, zone: 'UTC' }
}

function put(table: Table<unknown>, key: string, value: unknown): void {
  if (value === undefined) table.remove(key)
  else table.put(key, value)
}

/** Of this thread: what others do meanwhile does not count. */
function threadUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number) => round(sorted[Math.floor(part * (sorted.length - 1))]!, 1)
  return `median ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`
}
