import { noCalendar } from '../../../alerts/calendar/calendar.ts'
import { createSlots } from '../../../alerts/calendar/day.ts'
import type { Observation } from '../../../alerts/detect/observation.ts'
import type { Finding, FindingPlace } from '../../../alerts/rules/rule.ts'
import { parseRules } from '../../../alerts/rules/rule-settings.ts'
import { createFlowWatch, type FlowWatch, type FlowWatchOptions } from '../../../alerts/unusual/flow-watch.ts'
import { minuteMs } from '../../../core/clock.ts'
import type { Place } from '../../../core/words.ts'
import type { DataOf } from '../../../devices/contract/kinds.ts'
import type { EventRecord } from '../../../devices/contract/record.ts'
import { createRandom } from '../../../devices/town/random.ts'
import { firstMonday, makeSeries, type SeriesOptions } from './counts.ts'

export { firstMonday }

/** `nanshe/b01/d01` and its one device. */
export function placeNamed(name: string, zone = 'UTC'): Place {
  const [site = '', building = '', point = ''] = name.split('/')
  return { id: 1, device: name.replaceAll('/', '-'), site, building, point, zone }
}

export interface Passed {
  readonly at: number
  readonly receivedAt: number
  readonly place: Place
  readonly device: string
  readonly record: EventRecord
}

export interface PassedOptions {
  /** Its receipt, if that is not the same moment. */
  readonly receivedAt?: number
  readonly late?: boolean
  readonly device?: string
  readonly direction?: 'in' | 'out'
  readonly result?: DataOf<'passage'>['result']
}

export function passed(
  at: number,
  name: string,
  { receivedAt = at, late = false, device, direction = 'in', result = 'granted' }: PassedOptions = {},
): Passed {
  const place = placeNamed(name)
  const record: EventRecord = {
    kind: 'passage', at, receivedAt, late, skewed: false, place, data: { direction, result, method: 'card' },
  } // biome-ignore format: a record
  return { at, receivedAt, place, device: device ?? place.device, record }
}

export function driven(at: number, name: string, direction: 'in' | 'out' = 'in'): Passed {
  const place = placeNamed(name)
  const record: EventRecord = {
    kind: 'vehicle', at, receivedAt: at, late: false, skewed: false, place, data: { class: 'car', direction },
  } // biome-ignore format: a record
  return { at, receivedAt: at, place, device: place.device, record }
}

export function healthy(at: number, name: string): Passed {
  const place = placeNamed(name)
  const record: EventRecord = { kind: 'health', at, receivedAt: at, late: false, skewed: false, place, data: { uptimeS: 1 } } // biome-ignore format: a record
  return { at, receivedAt: at, place, device: place.device, record }
}

/** The passages of a series: as many in each bin as it counts, at moments of their own. */
export function passagesOf(name: string, series: SeriesOptions, direction: 'in' | 'out' = 'in'): Passed[] {
  const random = createRandom('moments', series.seed)
  const stepMs = (series.stepMin ?? 30) * minuteMs
  return makeSeries(series).flatMap(({ at, count }) =>
    Array.from({ length: count ?? 0 }, () =>
      passed(at + Math.floor(random.next() * stepMs), name, { direction }),
    ),
  )
}

export const inOrder = (...streams: readonly Passed[][]): Passed[] =>
  streams.flat().sort((a, b) => a.receivedAt - b.receivedAt)

export interface TownOptions extends Partial<FlowWatchOptions> {
  readonly from: number
  readonly rules?: unknown
  readonly stored?: ReadonlyMap<string, unknown>
  readonly isAway?: (place: FindingPlace, now: number) => boolean
  /** How often `judge` is called at each tick, and for how long. */
  /** What was counted is saved after it was judged, not before. */
  readonly saveLast?: boolean
  readonly judging?: { readonly times: number; readonly ms: number }
}

/**
 * The watch in a loop like the service's: takes what was received, ticks each minute, saves, judges. It can be killed:
 * what is not stored then is taken again.
 */
export function createTown({
  from,
  rules = {},
  stored = new Map(),
  isAway = () => false,
  judging,
  saveLast = false,
  ...options
}: TownOptions) {
  const state = new Map(stored)
  const found: Finding[] = []
  const { times, ms } = judging ?? { times: Number.POSITIVE_INFINITY, ms: 10 }
  let unread: Passed[] = []
  let cursor = 0
  let savedCursor = 0
  let now = from
  let watch = open()

  function open(): FlowWatch {
    return createFlowWatch({
      settings: parseRules(rules),
      slotsOf: zone => createSlots(zone, noCalendar),
      isHousehold: () => false,
      ...options,
      saved: [...state].sort(([a], [b]) => Buffer.from(a).compare(Buffer.from(b))),
    })
  }
  function put(changes: readonly (readonly [string, unknown])[]): void {
    for (const [key, value] of changes) {
      if (value === undefined) state.delete(key)
      else state.set(key, JSON.parse(JSON.stringify(value)))
    }
  }
  function read(): void {
    for (let next = unread[cursor]; next !== undefined && next.receivedAt < now; next = unread[cursor]) {
      const observation: Observation = { seq: cursor + 1, device: next.device, record: next.record }
      watch.take(observation, next.place)
      cursor++
    }
  }
  function save(): void {
    put(watch.changed())
    savedCursor = cursor
  }
  function judge(): void {
    for (let n = 0; n < times; n++) {
      const judged = watch.judge(now, ms)
      if (judged === undefined) return
      put(judged.saved)
      found.push(...judged.findings)
    }
  }

  return {
    found,
    state,
    watch: () => watch,
    now: () => now,
    feed(records: readonly Passed[]): void {
      unread = [...unread.slice(0, cursor), ...inOrder(unread.slice(cursor), [...records])]
    },
    /** Lets time go by. `each` comes after what is done each minute. */
    runUntil(end: number, each: (minute: number) => void = () => {}, everyMs = minuteMs): void {
      for (; now < end; now += everyMs) {
        read()
        watch.tick(now, { isAway: place => isAway(place, now) })
        if (!saveLast) save()
        judge()
        each(now)
        if (saveLast) save()
      }
    },
    /** Without its having been saved, or half way through its judging. */
    kill(): void {
      watch = open()
      cursor = savedCursor
    },
    setClock(next: number): void {
      now = next
    },
  }
}

/** What was raised and is not cleared. */
export function stillRaised(found: readonly Finding[]): string[] {
  const raised = new Set<string>()
  for (const { rule, place, cause, kind } of found) {
    const key = JSON.stringify([rule, place, cause])
    if (kind === 'raised' ? raised.has(key) : !raised.has(key)) throw new Error(`${kind} twice: ${key}`)
    if (kind === 'raised') raised.add(key)
    else raised.delete(key)
  }
  return [...raised]
}
