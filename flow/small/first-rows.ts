import { dayMs } from '../../core/clock.ts'
import type { DeviceId } from '../../core/words.ts'
import type { Cell, Dimension, Store } from '../../ingest/store/store.ts'
import { segmentsOf } from '../zone.ts'
import { type FirstRows, placeName, type SmallKind } from './town.ts'

/**
 * The search first uses steps of this length, then days within the first step that has rows: by day alone, a year of a
 * town is a million cells.
 */
const stretchMs = 28 * dayMs
/** Places per query: some servers are asked by URL. */
const placesAtOnce = 100

export interface FirstRowParts {
  readonly store: Pick<Store, 'cells' | 'oldest'>
  readonly zone: string
  readonly now: () => number
  /** Reports of a household's door are not reports of its building. */
  readonly isHousehold: (device: DeviceId) => boolean
}

/** Asks the store for the days on which places first reported something. */
export function createFirstRows({ store, zone, now, isHousehold }: FirstRowParts): FirstRows {
  /** Start of the first step with rows, by place. */
  async function firstSteps(
    kind: SmallKind,
    building: readonly string[],
    [from, to]: readonly [number, number],
    stepMs: number,
  ): Promise<Map<string, number>> {
    const segments = segmentsOf(zone, from, to)
    const by: Dimension[] = ['site', 'building', 'device']
    const first = new Map<string, number>()
    const take = ({ segment, localStart, values }: Cell) => {
      const [site, of, device] = values as [string, string, DeviceId]
      if (isHousehold(device)) return
      const name = placeName({ site, building: of })
      const at = Math.max(localStart - segments[segment]!.offsetMs, segments[segment]!.from)
      first.set(name, Math.min(first.get(name) ?? Number.POSITIVE_INFINITY, at))
    }
    for (const cell of await store.cells({ kind, segments, stepMs, by, where: { building } })) take(cell)
    return first
  }

  return async (kind, places) => {
    const found = new Map<string, number>()
    const oldest = await store.oldest(kind)
    if (oldest === undefined) return found
    for (let at = 0; at < places.length; at += placesAtOnce) {
      const some = places.slice(at, at + placesAtOnce)
      const building = [...new Set(some.map(place => place.building))]
      const stretches = await firstSteps(kind, building, [oldest, now() + dayMs], stretchMs)
      const wanted = new Set(some.map(placeName))
      for (const begin of new Set(
        [...stretches].flatMap(([name, start]) => (wanted.has(name) ? [start] : [])),
      )) {
        const days = await firstSteps(kind, building, [begin, begin + stretchMs + dayMs], dayMs)
        for (const [name, day] of days) if (stretches.get(name) === begin) found.set(name, day)
      }
    }
    return found
  }
}
