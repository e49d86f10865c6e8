import { dayMs, minuteMs, secondMs } from '../../core/clock.ts'
import type { DeviceId, EventId } from '../../core/words.ts'
import { createRandom } from './random.ts'

/** Faults of a town, as in every real one. */
export interface TownFaults {
  /** Share of the events that a device sends a second time, seconds later. */
  duplicateShare?: number
  /** The probability that a device loses its network on a day, for 10 to 120 minutes; its events then come late. */
  awayShare?: number
  /** Number of terminals with a wrong clock; `skewMs` says by how much it is wrong. */
  skewedDevices?: number
  skewMs?: number
}

export const usualFaults: Required<TownFaults> = {
  duplicateShare: 0.005,
  awayShare: 0.02,
  skewedDevices: 1,
  skewMs: 47 * minuteMs,
}

export const noFaults: Required<TownFaults> = { duplicateShare: 0, awayShare: 0, skewedDevices: 0, skewMs: 0 }

/** Returns a test whether the device has lost its network at a moment. */
export function awayOf(device: DeviceId, seed: number, share: number): (atMs: number) => boolean {
  let knownDay = Number.NaN
  let fromMs = 0
  let toMs = 0
  return atMs => {
    const day = Math.floor(atMs / dayMs)
    if (day !== knownDay) {
      knownDay = day
      const random = createRandom(seed, device, day, 'away')
      const isOne = random.chance(share)
      const lengthMs = random.between(10, 120) * minuteMs
      fromMs = day * dayMs + random.next() * (dayMs - lengthMs)
      toMs = isOne ? fromMs + lengthMs : fromMs
    }
    return atMs >= fromMs && atMs < toMs
  }
}

/** The delay until the event is sent a second time; undefined for nearly all. */
export function repeatAfterMs(
  device: DeviceId,
  id: EventId,
  seed: number,
  share: number,
): number | undefined {
  if (share === 0) return undefined
  const random = createRandom(seed, device, id, 'again')
  return random.chance(share) ? random.between(2, 60) * secondMs : undefined
}

/** The devices with a wrong clock. */
export function skewedOf(devices: readonly DeviceId[], seed: number, count: number): Set<DeviceId> {
  const random = createRandom(seed, 'skewed')
  const left = [...devices]
  const skewed = new Set<DeviceId>()
  while (skewed.size < count && left.length > 0) {
    skewed.add(left.splice(random.integer(0, left.length - 1), 1)[0]!)
  }
  return skewed
}
