import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import type { Place } from '../../core/words.ts'
import { type Change, type Counts, type FlowPlace, placeOf, pointKey } from './flow-place.ts'

/** Kinds of flow: people at doors, vehicles on roads. */
export type FlowKind = 'passage' | 'vehicle'

/** A point where something has been counted. JSON, about 0.2 kB. */
interface SavedPoint {
  readonly zone: string
  /** The bin of the first count. */
  readonly since: number
  readonly kinds: readonly FlowKind[]
  /** Bins that are not closed: start, in, out. */
  readonly bins: readonly (readonly [at: number, ...counts: Counts])[]
  /** True while one of its devices is away. */
  readonly away: boolean
  /** Bins that began before this are not known in full. */
  readonly missingUntil: number
  /** The latest bin with a count. */
  readonly countedAt: number
  /** When to read its history, because it holds more than was watched; null if there is no need. */
  readonly learnAt: number | null
  readonly learnedAt: number
}

export interface Point extends SavedPoint {
  readonly key: string
  readonly place: FlowPlace
}

/** Wait for other points of the building, and for more late records. */
const usualLearnAfterMs = 10 * minuteMs
const learnAgainMs = 6 * hourMs
/** A point without counts for this long is forgotten. */
const forgetAfterMs = 28 * dayMs
const mostPoints = 50_000

/** The points that are counted, and what changed since they were saved. */
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

  /** Finds or adds a point; undefined if there is no room for one more. */
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
    /** Call when its history holds more than was counted. */
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
    /** Drops counts of closed bins, which are not needed any more. */
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
