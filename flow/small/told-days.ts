import { dayMs, minuteMs, secondMs } from '../../core/clock.ts'
import type { State } from '../../core/state/state.ts'
import type { DeviceId } from '../../core/words.ts'
import { startsOf } from '../calendar.ts'
import { createMembers } from './members.ts'
import { lagMs } from './small-question.ts'
import type { DaySpan, DayTown, FirstRows, ToldDays } from './town.ts'

/** So long after its end what has come meanwhile is counted, all at once. */
const againMs = 7 * dayMs
/** And then all there is: a device's events that are older count as of when they come. */
const finalMs = 32 * dayMs
/** What has been received and is not on disk yet, so that nobody else can know of it. */
const underWayMs = 2 * secondMs
/** A time that lies further ahead is of a clock that was wrong. */
const aheadMs = minuteMs

export interface ToldDayParts {
  readonly state: State
  /** Of the days. */
  readonly zone: string
  /** Who is enrolled now. A device that is a household's may have been enrolled after a day was told. */
  readonly town: () => DayTown
  readonly enrolledAt: (device: DeviceId) => number
  readonly firstRows: FirstRows
  /** Everything that was received before that is in the store, epoch ms. */
  readonly storedUntil: () => Promise<number>
}

interface Settled {
  /** What was received before that is counted. */
  readonly at: number
  /** Which town it is told of; absent until it is told again. */
  readonly town?: number
}

/**
 * Writes down of each day, when it is told for the first time, up to when what came is counted and who counts. So an
 * answer does not move with events that come late, nor with what is enrolled, moved or marked afterwards.
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
        // Somebody else asked meanwhile.
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
        // What it reports of days before it was enrolled must not pass for its building's.
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

/** Of a process that tells nobody, too: it may store history while the service is down. */
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

/** When the days begin that the times lie in. A calendar costs microseconds, so each day is asked for once. */
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
