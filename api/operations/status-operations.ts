import { minuteMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import { alwaysSure } from '../../core/trusted-time/trusted-time.ts'
import type { OperationParts } from './operation-parts.ts'
import type { StatusOperations } from './status-view.ts'

/** Tolerance between the time a person reads off another clock and the machine's clock. */
const sameMs = 2 * minuteMs

export function createStatusOperations(parts: OperationParts): StatusOperations {
  const { control, retention, clock } = parts
  const time = parts.time ?? alwaysSure(clock)
  return {
    status: async () => ({ clock: time.view(), heldDeletions: retention?.deletions.held() ?? [] }),
    async trustClock({ at }) {
      const { systemAt } = time.view()
      if (Math.abs(systemAt - at) > sameMs)
        throw new LintelError(
          'CLOCK_DIFFERS',
          `the clock of this machine says ${formatRfc3339(systemAt)}, not ${formatRfc3339(at)}: set it first`,
        )
      return control.trustClock()
    },
  }
}
