import { type FlowState, flowSides, type Sides } from './detector/state.ts'
import type { Usual } from './detector/usual.ts'
import { type Change, placeOf } from './flow-place.ts'

/** State of a place and direction. */
export interface Series {
  readonly state: FlowState
  /** Episodes per week for which the thresholds were computed. */
  readonly tuned: Sides<number>
  /** IANA zone of the place. */
  readonly zone: string
}

/** A bin changes a row or two, of a weekday and of a day type. Rows are saved separately, so that a bin writes 3 kB and not 10. */
const emptyRow = { counts: [], weights: [] }
const emptyUsual: Usual = { week: [], types: [], streaks: [] }

interface Head extends Series {
  readonly rows: { readonly week: number; readonly types: number }
}

const savedHead = ({ state, tuned, zone }: Series): Head => {
  const { usual, budgets } = state
  const { high, low } = budgets
  return {
    tuned,
    zone,
    rows: { week: usual.week.length, types: usual.types.length },
    state: {
      ...state,
      usual: emptyUsual,
      budgets: { high: { ...high, rises: [] }, low: { ...low, rises: [] } },
    },
  }
}

/** The parts stored besides the head; a part that is still the same object has not changed. */
function changedParts(key: string, before: FlowState | undefined, { usual, budgets }: FlowState): Change[] {
  const changes: Change[] = []
  const old = before?.usual ?? emptyUsual
  for (let day = 0; day < usual.week.length; day++) {
    const [row, streak] = [usual.week[day], usual.streaks[day]]
    if (row !== old.week[day] || streak !== old.streaks[day])
      changes.push([`${key}/week${day}`, [row, streak]])
  }
  for (let type = 0; type < usual.types.length; type++) {
    const row = usual.types[type]
    if (row !== old.types[type]) changes.push([`${key}/type${type}`, [row]])
  }
  for (const side of flowSides) {
    const { rises } = budgets[side]
    if (rises !== before?.budgets[side].rises) changes.push([`${key}/${side}`, [rises]])
  }
  return changes
}

function joined({ state, tuned, zone, rows }: Head, parts: ReadonlyMap<string, unknown[]>): Series {
  const list = (name: string, length: number) =>
    Array.from({ length }, (_, index) => parts.get(`${name}${index}`) ?? [emptyRow, ''])
  const week = list('week', rows.week)
  const { high, low } = state.budgets
  const rises = (name: string) => parts.get(name)?.[0] as number[]
  const usual = {
    week: week.map(([row]) => row),
    types: list('type', rows.types).map(([row]) => row),
    streaks: week.map(([, streak]) => streak),
  } as Usual
  const budgets = { high: { ...high, rises: rises('high') }, low: { ...low, rises: rises('low') } }
  return { state: { ...state, usual, budgets }, tuned, zone }
}

/** All series by key: `flow/SITE/BUILDING/POINT/DIRECTION`, with an empty POINT for a building. */
export function createSeriesTable(saved: Iterable<readonly [key: string, value: unknown]>) {
  const series = new Map<string, Series>()
  const sites = new Map<string, Set<string>>()

  function insert(key: string, one: Series): void {
    series.set(key, one)
    const { site } = placeOf(key)
    sites.set(site, (sites.get(site) ?? new Set()).add(key))
  }
  for (const [key, head, parts] of grouped(saved)) insert(key, joined(head, parts))

  return {
    get: (key: string) => series.get(key),
    sites: () => sites.keys(),
    ofSite: (site: string): string[] => [...(sites.get(site) ?? [])].sort(),
    size: () => series.size,
    /** Returns what to save. */
    set(key: string, next: Series): Change[] {
      const before = series.get(key)
      if (before === undefined) insert(key, next)
      else series.set(key, next)
      return [[key, savedHead(next)], ...changedParts(key, before?.state, next.state)]
    },
    remove(key: string): Change[] {
      const before = series.get(key)
      if (before === undefined) return []
      series.delete(key)
      const { site } = placeOf(key)
      const ofSite = sites.get(site)
      if (ofSite?.delete(key) && ofSite.size === 0) sites.delete(site)
      const parts = changedParts(key, undefined, before.state)
      return [[key, undefined], ...parts.map(([part]) => [part, undefined] as const)]
    },
  }
}
export type SeriesTable = ReturnType<typeof createSeriesTable>

/** Groups heads with their parts: keys are sorted, so a head comes before its parts. */
function* grouped(
  saved: Iterable<readonly [key: string, value: unknown]>,
): Generator<[key: string, head: Head, parts: Map<string, unknown[]>]> {
  let group: [string, Head, Map<string, unknown[]>] | undefined
  for (const [key, value] of saved) {
    if (group !== undefined && key.startsWith(`${group[0]}/`)) {
      group[2].set(key.slice(group[0].length + 1), value as unknown[])
      continue
    }
    if (group !== undefined) yield group
    group = [key, value as Head, new Map()]
  }
  if (group !== undefined) yield group
}
