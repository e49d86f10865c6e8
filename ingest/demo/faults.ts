import { type Clock, secondMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { IntakeStore } from '../intake/intake.ts'

/** Counts of flow so short that one is over within minutes, and history is read as soon as there is some. */
export const demoFlow = { flowStepMin: 5, flowLearnAfterMs: 20 * secondMs }
/** In seconds from the start of the process: long enough for each to be told, and over before anybody goes for tea. */
const outage = { fromS: 100, toS: 190 }
const fullDisk = { fromS: 120, toS: 210 }
const leftOfDisk = 0.04
/** A disk with less than that may be full in earnest. */
const roomOfDisk = 0.15
/** Rules on what is measured say so a little later. */
const toldLaterS = 15

/** What the demo lets go wrong with the service itself. */
export function createDemoFaults(clock: Clock) {
  const startedAt = clock()
  let hasRoom = true
  const isNow = ({ fromS, toS }: typeof outage, laterS = 0) => {
    const s = (clock() - startedAt) / secondMs
    return s >= fromS && s < toS + laterS
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
    freeShare(measured: number): number {
      hasRoom = measured > roomOfDisk
      return isNow(fullDisk) ? Math.min(measured, leftOfDisk) : measured
    },
    /** Whether what a rule tells now is the demo's doing. */
    isStaged(rule: string): boolean {
      if (rule === 'disk-low') return hasRoom && isNow(fullDisk, toldLaterS)
      return (rule === 'store-down' || rule === 'journal-lag') && isNow(outage, toldLaterS)
    },
  }
}
