import { type Clock, secondMs, systemClock } from './clock.ts'
import { codeOf, messageOf } from './errors.ts'
import { FaultTally } from './fault-tally.ts'
import type { Logger } from './log.ts'

const lookEveryMs = 10 * secondMs
/** Texts that differ only in numbers (positions, counts, times) have the same cause. */
const causeOf = (error: unknown) =>
  `${codeOf(error) ?? ''} ${messageOf(error)}`.replaceAll(/\d+/g, '#').slice(0, 300)

/** Logs faults: one line when a cause is new, then counts. */
export function createFaultLog(
  log: Logger,
  clock: Clock = systemClock,
): (error: unknown, facts?: object) => void {
  const tally = new FaultTally<object>()

  setInterval(() => {
    for (const { text, times } of tally.takeOver(clock()))
      if (times > 0) log.warn({ ...text, times }, 'this fault has not come for a minute')
  }, lookEveryMs).unref()

  return (error, facts = {}) => {
    const text = { code: codeOf(error), error: messageOf(error), ...facts }
    const times = tally.hear(causeOf(error), text, clock())
    if (times !== undefined) log.error(times > 1 ? { ...text, times } : text, 'fault')
  }
}
