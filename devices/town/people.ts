import type { DataOf } from '../contract/kinds.ts'
import type { Random } from './random.ts'
import type { Direction } from './rhythm.ts'

type Passage = DataOf<'passage'>

const holders = [['resident', 88], ['visitor', 7], ['staff', 3], ['unknown', 2]] as const // biome-ignore format: a table
const methods = {
  resident: [['card', 41], ['face', 40], ['phone', 9], ['code', 8], ['other', 2]],
  visitor: [['remote', 55], ['qr', 25], ['code', 20]],
  staff: [['card', 80], ['face', 20]],
  delivery: [['code', 50], ['remote', 35], ['qr', 15]],
  unknown: [['code', 60], ['card', 40]],
} as const // biome-ignore format: a table
type Holder = keyof typeof methods
type Method = (typeof methods)[Holder][number][0]
const reasons = [
  ['unknown-credential', 44], ['expired', 22], ['not-allowed', 10], ['no-answer', 10], ['outside-hours', 5],
  ['blocked', 3], ['anti-passback', 2], ['other', 4],
] as const // biome-ignore format: a table
/** The share of people who leave by a button on the wall, which identifies and denies nobody. */
const buttonShare = 0.72
const deniedIn = 0.036
const deniedOut = 0.012
/** The share of people at a door who are let through. */
export const grantedShare: Record<Direction, number> = {
  in: 1 - deniedIn,
  out: 1 - (1 - buttonShare) * deniedOut,
}

/** A passage of somebody who comes to a door. About 2 % are denied, nearly all of them coming in. */
export function passageOf(random: Random, direction: Direction, isCourier: boolean): Passage {
  if (direction === 'out' && random.chance(buttonShare))
    return { direction, result: 'granted', method: 'button' }
  const holder: Holder = isCourier ? 'delivery' : random.pick(holders)
  const method = random.pick<Method>(methods[holder])
  if (!random.chance(direction === 'in' ? deniedIn : deniedOut))
    return { direction, result: 'granted', method, holder }
  return { direction, result: 'denied', method, holder, reason: random.pick(reasons) }
}

const classes = [
  ['motorcycle', 40], ['car', 38], ['truck', 9], ['bicycle', 9], ['bus', 2], ['other', 2],
] as const // biome-ignore format: a table
const usualKmh = { motorcycle: 29, car: 36, truck: 31, bicycle: 15, bus: 30, other: 22 }

export function vehicleOf(random: Random, direction: Direction, lane: number): DataOf<'vehicle'> {
  const kind = random.pick(classes)
  const speedKmh = Math.max(3, Math.round(usualKmh[kind] * (1 + 0.2 * random.normal()) * 10) / 10)
  return { class: kind, direction, lane, speedKmh }
}
