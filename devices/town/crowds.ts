import { dayMs, minuteMs } from '../../core/clock.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { DeviceId } from '../../core/words.ts'
import type { TimedEvent } from './events.ts'
import { createRandom } from './random.ts'

/** A door that fills and empties once a day, so smoothly that its counts have no edges. */
export interface Crowd {
  readonly device: DeviceId
  /** Passages in, when it is fullest. */
  readonly perMinute: number
  /** When that is on some day, epoch ms; and 24 hours before and after it. */
  readonly fullAt: number
}

const halfMin = 120
const spreadMin = 45

/** What is counted there in [from, to); the same for the same seed. */
export function* crowdEvents(
  crowd: Crowd,
  from: number,
  to: number,
  seed: number,
): Generator<TimedEvent, void> {
  const { device, perMinute, fullAt } = crowd
  const data = { direction: 'in', result: 'granted', method: 'other' } as const
  const opensAt = Math.floor(fullAt / minuteMs - halfMin) * minuteMs
  for (let open = opensAt - Math.ceil((opensAt - from) / dayMs) * dayMs - dayMs; open < to; open += dayMs) {
    for (let minute = 0; minute < 2 * halfMin; minute++) {
      const random = createRandom(seed, device, open, minute)
      const share = Math.exp(-0.5 * ((minute - halfMin) / spreadMin) ** 2)
      const times = Array.from({ length: random.poisson(perMinute * share) }, () => random.next())
      for (const [n, part] of times.sort().entries()) {
        const at = open + Math.floor((minute + part) * minuteMs)
        if (at < from || at >= to) continue
        const id = `c${open.toString(36)}-${minute}-${n}`
        yield { at, event: { id, type: 'passage', time: formatRfc3339(at), data } }
      }
    }
  }
}
