import { minuteMs } from '../../core/clock.ts'
import { localMinute } from './local-time.ts'
import type { Random } from './random.ts'
import { type Direction, expectedPerMinute, type Flow } from './rhythm.ts'

/**
 * The times of a Poisson process in one hour. Its rate follows the rhythm: a number is drawn for the hour, and each
 * arrival falls into a minute by the minute's weight.
 */
export function arrivals(
  random: Random,
  flow: Flow,
  direction: Direction,
  zone: string,
  startMs: number,
  scale: number,
): number[] {
  const upTo = new Float64Array(60)
  let sum = 0
  for (let m = 0; m < 60; m++) {
    sum += scale * expectedPerMinute(flow, localMinute(startMs + m * minuteMs, zone), direction)
    upTo[m] = sum
  }
  return Array.from({ length: random.poisson(sum) }, () => {
    const mark = random.next() * sum
    const minute = Math.max(
      0,
      upTo.findIndex(reached => mark < reached),
    )
    return startMs + Math.floor((minute + random.next()) * minuteMs)
  })
}
