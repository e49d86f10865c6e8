import { dayMs } from '../../core/clock.ts'
import type { NewDevice } from '../registry/device.ts'
import { createRandom } from './random.ts'

/** The lasting traits of a device: how busy its door is, its firmware, its signal, its restarts. */
export interface Character {
  /** 1 is an ordinary door or lane. */
  readonly scale: number
  readonly firmware: string
  readonly rssiDbm: number
  readonly warmthC: number
  readonly freeBytes: number
  /** It restarts at this interval, with this phase. */
  readonly restartEveryMs: number
  readonly restartPhaseMs: number
  /** The offset of its health reports within each five minutes. */
  readonly healthPhaseMs: number
  /** The lane of a checkpoint. */
  readonly lane: number
}

export function characterOf(device: NewDevice, seed: number): Character {
  const random = createRandom(seed, device.device, 'character')
  return {
    scale: Math.min(2.5, Math.max(0.35, 0.93 * Math.exp(0.38 * random.normal()))),
    firmware: random.pick([
      ['2.4.1', 80],
      ['2.3.9', 17],
      ['2.5.0-rc1', 3],
    ]),
    rssiDbm: random.integer(-78, -48),
    warmthC: random.between(-2, 5),
    freeBytes: random.integer(180, 3_400) * 1024 * 1024,
    restartEveryMs: random.between(6, 45) * dayMs,
    restartPhaseMs: random.between(0, 45) * dayMs,
    healthPhaseMs: random.integer(0, 299_999),
    lane: Number(/\d+$/.exec(device.point)?.[0] ?? 1) % 64,
  }
}
