import { hourMs, minuteMs } from '../../core/clock.ts'
import type { DataOf } from '../contract/kinds.ts'
import type { NewDevice } from '../registry/device.ts'
import { arrivals } from './arrivals.ts'
import { createRandom } from './random.ts'

/** A gate that a crowd passes at hours other than those of residents. */
export type CrowdName = 'market' | 'canteen'

export interface CrowdPassage {
  readonly at: number
  readonly data: DataOf<'passage'>
}

/** Minutes from entering to leaving; less than an hour. */
const stays: Record<CrowdName, readonly [least: number, most: number]> = {
  market: [8, 40],
  canteen: [12, 35],
}
const methods = [['card', 55], ['face', 25], ['qr', 20]] as const // biome-ignore format: a table

/**
 * The passages of one hour, in no order. Everybody who enters leaves again, so that nobody is left at night. They are the
 * same for the same seed, however the time is cut into pieces.
 */
export function crowdHour(
  crowd: CrowdName,
  { device, zone }: NewDevice,
  hour: number,
  seed: number,
): CrowdPassage[] {
  const startMs = hour * hourMs
  return [hour - 1, hour].flatMap(entered => {
    const random = createRandom(seed, device, entered, crowd)
    return arrivals(random, crowd, 'in', zone, entered * hourMs, 1).flatMap((at): CrowdPassage[] => {
      const method = random.pick(methods)
      const leaves = at + Math.floor(random.between(...stays[crowd]) * minuteMs)
      const enters = { direction: 'in', result: 'granted', method, holder: 'visitor' } as const
      return [
        ...(entered === hour ? [{ at, data: enters }] : []),
        ...(leaves >= startMs && leaves < startMs + hourMs
          ? [{ at: leaves, data: { direction: 'out', result: 'granted', method: 'button' } as const }]
          : []),
      ]
    })
  })
}
