import { dayMs, minuteMs, secondMs } from '../../core/clock.ts'
import type { State } from '../../core/state/state.ts'
import type { DeviceId } from '../../core/words.ts'
import { startsOf } from '../calendar.ts'
import { createMembers } from './members.ts'
import { lagMs } from './small-question.ts'
import type { DaySpan, DayTown, FirstRows, ToldDays } from './town.ts'

/** This long after its end, a day also counts what has come since, all at once. */
const againMs = 7 * dayMs
/** After this time everything counts: older events of a device are dated by their receipt. */
const finalMs = 32 * dayMs
/** Received this recently means possibly not on disk yet, so that nobody else can know of it. */
const underWayMs = 2 * secondMs
/** A stored time further ahead than this comes from a wrong clock. */
const aheadMs = minuteMs

export interface ToldDayParts {
  readonly state: State
  /** Zone of the days. */
  readonly zone: string
  /** The present enrolment. A household's device may have been enrolled after a day was shown. */
  readonly town: () => DayTown
  readonly enrolledAt: (device: DeviceId) => number
  readonly firstRows: FirstRows
  /** Everything received before that is in the store, epoch ms. */
  readonly storedUntil: () => Promise<number>
}

interface Settled {
  /** Only what was received before this counts. */
  readonly at: number
  /** The version of the town for which it is shown; absent until the day is shown again. */
  readonly town?: number
}

/**
 * When a day is shown for the first time, writes down up to when received events count, and which places count. So an
 * answer does not change through late events, nor through what is enrolled, moved or marked afterwards.
 */
export function createToldDays({
  state,
  zone,
  town,
  enrolledAt,
  firstRows,
  storedUntil,
}: ToldDayParts): ToldDays {
  const table = state.table<Settled>('told-day')
  const members = createMembers(state)

  const settledAt = (day: number, now: number) => {
    const found = table.get(keyOf(day))
    return found !== undefined && found.at <= now + aheadMs ? found : undefined
  }

  async function settleNow(days: readonly DaySpan[], now: number): Promise<void> {
    const stored = Math.min(now, await storedUntil())
    const ready = days.filter(
      ({ from, to }) => stored - underWayMs >= to + lagMs && stored >= (settledAt(from, now)?.at ?? 0) - 1,
    )
    if (ready.length === 0) return
    const next = await members.next(town(), firstRows)
    await state.transact(() => {
      const version = next()
      for (const { from } of ready) {
        const known = settledAt(from, now)
        // Another caller settled the day in the meantime.
        if (known?.town !== undefined) continue
        table.put(keyOf(from), { at: Math.max(known?.at ?? 0, stored - underWayMs), town: version })
      }
    })
  }

  function receivedBefore({ at }: Settled, { to }: DaySpan, now: number): number | undefined {
    if (now >= to + finalMs) return undefined
    return now >= to + againMs ? Math.max(at, to + againMs) : at
  }

  return {
    async settle(days, kind, now) {
      const open = days.filter(({ from }) => settledAt(from, now)?.town === undefined)
      if (open.length > 0) await settleNow(open, now)
      const { households } = town()
      return days.map(day => {
        const settled = settledAt(day.from, now)
        if (settled?.town === undefined) return undefined
        const then = members.of(settled.town, kind, day)
        const before = receivedBefore(settled, day, now)
        // Its reports on days before it was enrolled must not count for its building.
        const later = households.filter(({ device }) => enrolledAt(device) > settled.at)
        return {
          places: then.places,
          households: then.households,
          strangers: later.map(({ device }) => device),
          ...(before === undefined ? {} : { receivedBefore: before }),
        }
      })
    },
    unsettle: createUnsettle(state, zone),
  }
}

/** Also for a process that answers no queries: it may store history while the service is down. */
export function createUnsettle(state: State, zone: string): ToldDays['unsettle'] {
  const table = state.table<Settled>('told-day')
  const members = createMembers(state)

  return async (times, now) => {
    const days = daysOf(times, zone)
    if (days.size === 0) return
    await state.transact(() => {
      members.soil()
      for (const day of days) if (table.get(keyOf(day)) !== undefined) table.put(keyOf(day), { at: now + 1 })
    })
  }
}

/** Starts of the days that contain these times. A calendar costs microseconds, so each day is looked up once. */
function daysOf(times: readonly number[], zone: string): Set<number> {
  const days = new Set<number>()
  let until = Number.NEGATIVE_INFINITY
  for (const at of times.toSorted((a, b) => a - b)) {
    if (at < until) continue
    const [day, next] = startsOf(zone, '1d', at, at + 3 * dayMs)
    days.add(day!)
    until = next!
  }
  return days
}

const keyOf = (day: number) => String(day).padStart(15, '0')
