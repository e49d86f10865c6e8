import { type Clock, secondMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { IntakeStore } from '../intake/intake.ts'

/** Counts of flow so short that one is over within minutes, and history is read as soon as there is some. */
export const demoFlow = { flowStepMin: 5, flowLearnAfterMs: 20 * secondMs }
/** In seconds from the start of the process: long enough for each to be told, and over before anybody goes for tea. */
const outage = { fromS: 100, toS: 190 }
const fullDisk = { fromS: 120, toS: 210 }
const leftOfDisk = 0.04

/** What the demo lets go wrong with the service itself. */
export function createDemoFaults(clock: Clock) {
  const startedAt = clock()
  const isNow = ({ fromS, toS }: typeof outage) => {
    const s = (clock() - startedAt) / secondMs
    return s >= fromS && s < toS
  }
  return {
    /** The store, which takes nothing for a while. */
    failing: ({ write, ...others }: IntakeStore): IntakeStore => ({
      ...others,
      async write(batch) {
        if (isNow(outage))
          throw new LintelError('STORE_UNAVAILABLE', 'the demo has stopped the database for a while')
        return write(batch)
      },
    }),
    /** What share of the disk is free, which is little for a while. */
    freeShare: (measured: number) => (isNow(fullDisk) ? Math.min(measured, leftOfDisk) : measured),
  }
}
