import { type Clock, secondMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { IntakeStore } from '../intake/intake.ts'

/** Bins so short that one is over within minutes; history is read as soon as there is some. */
export const demoFlow = { flowStepMin: 5, flowLearnAfterMs: 20 * secondMs }
/** In seconds from the start of the process: long enough for each alert, and over within a few minutes. */
const outage = { fromS: 100, toS: 190 }
const fullDisk = { fromS: 120, toS: 210 }
const leftOfDisk = 0.04
/** With less free than this, the disk may really be full. */
const roomOfDisk = 0.15
/** Rules on gauges report a little later. */
const toldLaterS = 15

/** Faults that the demo stages in the service itself. */
export function createDemoFaults(clock: Clock) {
  const startedAt = clock()
  let hasRoom = true
  const isNow = ({ fromS, toS }: typeof outage, laterS = 0) => {
    const s = (clock() - startedAt) / secondMs
    return s >= fromS && s < toS + laterS
  }
  return {
    /** The store, with writes failing for a while. */
    failing: ({ write, ...others }: IntakeStore): IntakeStore => ({
      ...others,
      async write(batch) {
        if (isNow(outage))
          throw new LintelError('STORE_UNAVAILABLE', 'the demo has stopped the database for a while')
        return write(batch)
      },
    }),
    /** The free share of the disk, reported as little for a while. */
    freeShare(measured: number): number {
      hasRoom = measured > roomOfDisk
      return isNow(fullDisk) ? Math.min(measured, leftOfDisk) : measured
    },
    /** True if the demo caused what a rule reports now. */
    isStaged(rule: string): boolean {
      if (rule === 'disk-low') return hasRoom && isNow(fullDisk, toldLaterS)
      return (rule === 'store-down' || rule === 'journal-lag') && isNow(outage, toldLaterS)
    },
  }
}
