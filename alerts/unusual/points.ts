import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import type { Place } from '../../core/words.ts'
import { type Change, type Counts, type FlowPlace, placeOf, pointKey } from './flow-place.ts'

/** What is counted there: people at doors, vehicles on roads. */
export type FlowKind = 'passage' | 'vehicle'

/** A point where something has been counted. JSON, some 0.2 kB. */
interface SavedPoint {
  readonly zone: string
  /** The bin in which it was first counted. */
  readonly since: number
  readonly kinds: readonly FlowKind[]
  /** Of bins that are not closed: when they begin, in, out. */
  readonly bins: readonly (readonly [at: number, ...counts: Counts])[]
  /** A device of it is away. */
  readonly away: boolean
  /** What began before that is not known in full. */
  readonly missingUntil: number
  /** The latest bin in which anything was counted. */
  readonly countedAt: number
  /** When its history is to be read, since there is more of it than was watched; null where there is not. */
  readonly learnAt: number | null
  readonly learnedAt: number
}

export interface Point extends SavedPoint {
  readonly key: string
  readonly place: FlowPlace
}

/** Others of its building may show up, and more of what is late. */
const usualLearnAfterMs = 10 * minuteMs
const learnAgainMs = 6 * hourMs
/** Where nothing was counted for so long there is nothing to watch. */
const forgetAfterMs = 28 * dayMs
const mostPoints = 50_000

/** The points that are counted, and what has changed of them since it was saved. */
export function createPoints(
  saved: Iterable<readonly [key: string, value: unknown]>,
  learnAfterMs = usualLearnAfterMs,
) {
  const points = new Map<string, Point>()
  const buildings = new Map<string, Map<string, Set<string>>>()
  const dirty = new Set<string>()
  let refused = 0

  function insert(point: Point): void {
    points.set(point.key, point)
    const { site, building } = point.place
    const ofSite = buildings.get(site) ?? new Map<string, Set<string>>()
    buildings.set(site, ofSite.set(building, (ofSite.get(building) ?? new Set()).add(point.key)))
  }
  for (const [key, value] of saved) insert({ ...(value as SavedPoint), key, place: placeOf(key) })

  function change(point: Point, changes: Partial<SavedPoint>): void {
    points.set(point.key, { ...point, ...changes })
    dirty.add(point.key)
  }

  function remove({ key, place: { site, building } }: Point): void {
    points.delete(key)
    dirty.add(key)
    const ofSite = buildings.get(site)
    const ofBuilding = ofSite?.get(building)
    if (ofBuilding?.delete(key) && ofBuilding.size === 0 && ofSite!.delete(building) && ofSite!.size === 0)
      buildings.delete(site)
  }

  /** The point with that; undefined where there is no room for one more. */
  function add(
    { site, building, point, zone }: Place,
    kind: FlowKind,
    at: number,
    now: number,
  ): Point | undefined {
    const place = { site, building, point }
    const key = pointKey(place)
    const known = points.get(key)
    if (known !== undefined) return known
    if (points.size >= mostPoints) {
      refused++
      return undefined
    }
    const fresh: Point = {
      key, place, zone, since: at, kinds: [kind], bins: [], away: false, missingUntil: 0, countedAt: at,
      learnAt: now + learnAfterMs, learnedAt: 0,
    } // biome-ignore format: a point
    insert(fresh)
    return fresh
  }

  return {
    get: (place: Place) => points.get(pointKey(place)),
    all: () => points.values(),
    sites: () => [...buildings.keys()].sort(),
    ofBuilding: ({ site, building }: FlowPlace): Point[] =>
      [...(buildings.get(site)?.get(building) ?? [])].sort().map(key => points.get(key)!),
    buildings: (site: string) => [...(buildings.get(site)?.keys() ?? [])].sort(),
    count(place: Place, kind: FlowKind, [inward, outward]: Counts, at: number, now: number): void {
      const point = add(place, kind, at, now)
      if (point === undefined) return
      const before = point.bins.find(bin => bin[0] === at) ?? [at, 0, 0]
      change(point, {
        zone: place.zone,
        kinds: point.kinds.includes(kind) ? point.kinds : [...point.kinds, kind],
        bins: [...point.bins.filter(bin => bin[0] !== at), [at, before[1] + inward, before[2] + outward]],
        countedAt: Math.max(point.countedAt, at),
      })
    },
    /** There is more of its history than was counted. */
    learnAgain(point: Point, now: number, changes: Partial<SavedPoint> = {}): void {
      change(point, { ...changes, learnAt: Math.max(now + learnAfterMs, point.learnedAt + learnAgainMs) })
    },
    startAnew(point: Point, now: number): void {
      change(point, { since: 0, bins: [], missingUntil: 0, countedAt: now, learnAt: now, learnedAt: 0 })
    },
    setAway(point: Point, away: boolean, now: number): void {
      if (away !== point.away) change(point, { away, missingUntil: now })
    },
    learned(point: Point, now: number): void {
      change(point, { learnAt: null, learnedAt: now })
    },
    /** Without the counts of bins that are closed, which are not asked for any more. */
    close(point: Point, before: number): void {
      if (point.countedAt < before - forgetAfterMs) remove(point)
      else points.set(point.key, { ...point, bins: point.bins.filter(([at]) => at >= before) })
    },
    remove,
    changed(): Change[] {
      const changes = [...dirty].map(key => [key, savedOf(points.get(key))] as const)
      dirty.clear()
      return changes
    },
    size: () => points.size,
    refused: () => refused,
  }
}
export type Points = ReturnType<typeof createPoints>

function savedOf(point: Point | undefined): SavedPoint | undefined {
  if (point === undefined) return undefined
  const { key, place, ...saved } = point
  return saved
}
