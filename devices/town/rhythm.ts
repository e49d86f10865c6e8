import type { LocalMinute } from './local-time.ts'

export type Direction = 'in' | 'out'

/** A share of a day's passages, in a bell curve around a time of day; without a time, over the whole day. */
interface Bump {
  readonly share: number
  readonly at?: string
  readonly spreadMin?: number
}

type Shape = Record<Direction, readonly Bump[]>

/*
 * Rental housing in a factory town: tenants leave for the day shift, some come home for lunch, most in the evening. The
 * late shift comes home about midnight while the night shift leaves; the night shift returns in the morning. Day and
 * evening are as in counts of such doors; the shares are chosen, not measured.
 */
const weekday: Shape = {
  out: [
    { at: '08:10', spreadMin: 32, share: 0.36 },
    { at: '13:20', spreadMin: 22, share: 0.08 },
    { at: '19:20', spreadMin: 70, share: 0.17 },
    { at: '23:20', spreadMin: 22, share: 0.06 },
    { at: '14:00', spreadMin: 240, share: 0.28 },
    { share: 0.05 },
  ],
  in: [
    { at: '08:30', spreadMin: 24, share: 0.07 },
    { at: '12:10', spreadMin: 24, share: 0.1 },
    { at: '18:45', spreadMin: 48, share: 0.42 },
    { at: '21:30', spreadMin: 50, share: 0.12 },
    { at: '00:05', spreadMin: 20, share: 0.05 },
    { at: '15:00', spreadMin: 240, share: 0.19 },
    { share: 0.05 },
  ],
}
const saturday: Shape = {
  out: [
    { at: '08:10', spreadMin: 60, share: 0.22 },
    { at: '19:00', spreadMin: 80, share: 0.18 },
    { at: '23:20', spreadMin: 25, share: 0.04 },
    { at: '14:00', spreadMin: 240, share: 0.5 },
    { share: 0.06 },
  ],
  in: [
    { at: '07:50', spreadMin: 25, share: 0.05 },
    { at: '12:10', spreadMin: 35, share: 0.1 },
    { at: '19:00', spreadMin: 90, share: 0.28 },
    { at: '22:10', spreadMin: 60, share: 0.12 },
    { at: '15:30', spreadMin: 240, share: 0.39 },
    { share: 0.06 },
  ],
}
const sunday: Shape = {
  out: [
    { at: '10:00', spreadMin: 100, share: 0.26 },
    { at: '18:30', spreadMin: 110, share: 0.2 },
    { at: '14:00', spreadMin: 240, share: 0.47 },
    { share: 0.07 },
  ],
  in: [
    { at: '12:00', spreadMin: 60, share: 0.12 },
    { at: '18:00', spreadMin: 120, share: 0.26 },
    { at: '21:40', spreadMin: 70, share: 0.16 },
    { at: '15:30', spreadMin: 240, share: 0.39 },
    { share: 0.07 },
  ],
}
/** Parcels and food: couriers come at midday and at supper time, and leave some minutes later. */
const courier: Shape = {
  in: [
    { at: '12:00', spreadMin: 40, share: 0.5 },
    { at: '18:20', spreadMin: 45, share: 0.3 },
    { at: '15:00', spreadMin: 120, share: 0.2 },
  ],
  out: [
    { at: '12:05', spreadMin: 40, share: 0.5 },
    { at: '18:25', spreadMin: 45, share: 0.3 },
    { at: '15:05', spreadMin: 120, share: 0.2 },
  ],
}
/** The traffic of the same town on a road: flatter, with lorries between the peaks. */
const road: Shape = {
  in: [
    { at: '08:00', spreadMin: 60, share: 0.18 },
    { at: '18:10', spreadMin: 70, share: 0.26 },
    { at: '14:00', spreadMin: 230, share: 0.44 },
    { share: 0.12 },
  ],
  out: [
    { at: '07:40', spreadMin: 55, share: 0.26 },
    { at: '18:00', spreadMin: 80, share: 0.18 },
    { at: '13:30', spreadMin: 230, share: 0.44 },
    { share: 0.12 },
  ],
}

/** A market that never closes. Only entering has a rhythm: whoever enters leaves after a stay of their own (`crowds.ts`). */
const market: Shape = {
  in: [
    { at: '08:00', spreadMin: 45, share: 0.11 },
    { at: '13:00', spreadMin: 200, share: 0.35 },
    { at: '18:00', spreadMin: 45, share: 0.15 },
    { share: 0.39 },
  ],
  out: [],
}
const canteen: Shape = {
  in: [
    { at: '07:20', spreadMin: 22, share: 0.22 },
    { at: '12:00', spreadMin: 25, share: 0.42 },
    { at: '18:00', spreadMin: 28, share: 0.36 },
  ],
  out: [],
}

const tables = {
  resident: [sunday, weekday, weekday, weekday, weekday, weekday, saturday].map(tabulate),
  courier: Array.from({ length: 7 }, () => tabulate(courier)),
  road: Array.from({ length: 7 }, () => tabulate(road)),
  market: Array.from({ length: 7 }, () => tabulate(market)),
  canteen: Array.from({ length: 7 }, () => tabulate(canteen)),
}
/** Passages of a day in one direction, for a door of scale 1: 42 tenants. In and out are the same, so they balance. */
const perDay = {
  resident: [88, 100, 100, 100, 100, 100, 96],
  courier: [9, 8, 8, 8, 8, 8, 9],
  road: [2100, 2600, 2600, 2600, 2600, 2700, 2400],
  market: [1400, 1200, 1200, 1200, 1200, 1250, 1400],
  canteen: [180, 280, 280, 280, 280, 280, 240],
}

export type Flow = keyof typeof tables

/** Expected passages (or vehicles) in this minute, in one direction, at scale 1. */
export function expectedPerMinute(
  flow: Flow,
  { weekday, minute }: LocalMinute,
  direction: Direction,
): number {
  return perDay[flow][weekday]! * tables[flow][weekday]![direction][minute]!
}

/** Each minute's share of the day. A peak near midnight continues at the other end of the day. */
function tabulate(shape: Shape): Record<Direction, Float64Array> {
  return { in: tabulateOne(shape.in), out: tabulateOne(shape.out) }
}

function tabulateOne(bumps: readonly Bump[]): Float64Array {
  const table = new Float64Array(1440)
  for (const { share, at, spreadMin = 0 } of bumps) {
    const weights = Float64Array.from(table, (_, minute) =>
      at === undefined ? 1 : bell(minute, at, spreadMin),
    )
    const sum = weights.reduce((a, b) => a + b)
    for (let minute = 0; minute < 1440; minute++) table[minute]! += (share * weights[minute]!) / sum
  }
  return table
}

function bell(minute: number, at: string, spreadMin: number): number {
  const [hours, minutes] = at.split(':').map(Number)
  const apart = Math.abs(minute - (hours! * 60 + minutes!))
  return Math.exp(-0.5 * (Math.min(apart, 1440 - apart) / spreadMin) ** 2)
}
