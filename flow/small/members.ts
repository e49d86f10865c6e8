import type { State } from '../../core/state/state.ts'
import {
  type DaySpan,
  type DayTown,
  type FirstRows,
  type HouseholdDoor,
  placeName,
  type SmallKind,
  type StandingPlace,
  smallKinds,
  standingOf,
} from './town.ts'

/** From one version of the town to another, exclusive. */
interface Span {
  readonly from: number
  readonly to?: number
  /** For a place: when it first reported something, epoch ms. */
  readonly since: number
}

interface Versions {
  readonly latest: number
  /** History was stored since then: first reports may be earlier than known. */
  readonly isStale: boolean
}

interface View {
  readonly places: ReadonlyMap<
    SmallKind,
    readonly { readonly place: StandingPlace; readonly since: number }[]
  >
  readonly households: readonly HouseholdDoor[]
}

/** Days are asked for by the month: those of one version are adjacent. */
const maxViewsKept = 4

/**
 * Which places count, in versions that never change. A place counts from its first report of a kind on, so that one
 * without any report hides nobody else. The door of a household always counts, because it is a secret that nobody came.
 */
export function createMembers(state: State) {
  const places = state.table<Span[]>('told-place')
  const households = state.table<Span[]>('told-household')
  const versions = state.table<Versions>('told-town')
  const latestKey = 'latest'
  const views = new Map<number, View>()
  const now = () => versions.get(latestKey) ?? { latest: 0, isStale: true }
  const isOpen = (spans: readonly Span[] | undefined) => spans !== undefined && spans.at(-1)?.to === undefined

  /** First reports of places that are not known to have any; of all places if that may have changed. */
  async function firstReports(town: DayTown, firstRows: FirstRows) {
    const { isStale } = now()
    const found = new Map<string, number>()
    for (const kind of smallKinds) {
      const asked = town.places.filter(
        place =>
          standingOf(kind).includes(place.kind) && (isStale || !isOpen(places.get(placeKey(kind, place)))),
      )
      if (asked.length === 0) continue
      const firsts = await firstRows(kind, asked)
      for (const place of asked) {
        const first = firsts.get(placeName(place))
        if (first !== undefined) found.set(placeKey(kind, place), first)
      }
    }
    return found
  }

  /** The current members by key, and since when they count. */
  function wanted(town: DayTown, firsts: ReadonlyMap<string, number>) {
    const ofPlaces = new Map<string, number>()
    for (const kind of smallKinds) {
      for (const place of town.places) {
        const key = placeKey(kind, place)
        const spans = places.get(key)
        const known = isOpen(spans) ? spans!.at(-1)!.since : Number.POSITIVE_INFINITY
        const since = Math.min(known, firsts.get(key) ?? Number.POSITIVE_INFINITY)
        if (standingOf(kind).includes(place.kind) && since < Number.POSITIVE_INFINITY)
          ofPlaces.set(key, since)
      }
    }
    return { ofPlaces, ofHouseholds: new Map(town.households.map(one => [`${one.device}/${one.site}`, 0])) }
  }

  /** Updates one table to a version; true if anything has changed. */
  function apply(table: typeof places, all: ReadonlyMap<string, number>, version: number): boolean {
    const changes: [string, Span[]][] = []
    for (const [key, spans] of table.entries()) {
      const last = spans.at(-1)!
      if (last.to !== undefined || all.get(key) === last.since) continue
      changes.push([key, [...spans.slice(0, -1), { ...last, to: version }]])
    }
    for (const [key, spans] of changes) table.put(key, spans)
    for (const [key, since] of all) {
      const spans = table.get(key) ?? []
      if (spans.length > 0 && isOpen(spans)) continue
      table.put(key, [...spans, { from: version, since }])
      changes.push([key, spans])
    }
    return changes.length > 0
  }

  function view(version: number): View {
    const known = views.get(version)
    if (known !== undefined) return known
    const isIn = ({ from, to = Number.POSITIVE_INFINITY }: Span) => from <= version && version < to
    const ofKinds = new Map<SmallKind, { place: StandingPlace; since: number }[]>(
      smallKinds.map(kind => [kind, []]),
    )
    for (const [key, spans] of places.entries()) {
      const span = spans.find(isIn)
      if (span === undefined) continue
      const [kind, stands, site, building] = key.split('/') as [
        SmallKind,
        StandingPlace['kind'],
        string,
        string,
      ]
      ofKinds.get(kind)!.push({ place: { site, building, kind: stands }, since: span.since })
    }
    const ofHouseholds = [...households.entries()].flatMap(([key, spans]) => {
      const [device, site] = key.split('/') as [string, string]
      return spans.some(isIn) ? [{ device, site }] : []
    })
    const made = { places: ofKinds, households: ofHouseholds }
    views.set(version, made)
    if (views.size > maxViewsKept) views.delete(views.keys().next().value!)
    return made
  }

  return {
    /** Finds out who is there. The function it resolves to writes that down, inside a transaction, and returns the version. */
    async next(town: DayTown, firstRows: FirstRows): Promise<() => number> {
      const firsts = await firstReports(town, firstRows)
      return () => {
        const { latest } = now()
        const { ofPlaces, ofHouseholds } = wanted(town, firsts)
        const changed = [apply(places, ofPlaces, latest + 1), apply(households, ofHouseholds, latest + 1)]
        const version = changed.includes(true) ? latest + 1 : latest
        versions.put(latestKey, { latest: version, isStale: false })
        return version
      }
    },
    /** Call inside a transaction. */
    soil: () => versions.put(latestKey, { ...now(), isStale: true }),
    of(version: number, kind: SmallKind, { to }: DaySpan): DayTown {
      const { places: ofKinds, households: ofHouseholds } = view(version)
      const there = ofKinds.get(kind)!.filter(({ since }) => since < to)
      return { places: there.map(({ place }) => place), households: ofHouseholds }
    },
  }
}

const placeKey = (kind: SmallKind, { kind: stands, site, building }: StandingPlace) =>
  [kind, stands, site, building].join('/')
