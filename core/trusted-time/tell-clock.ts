import type { Logger } from '../log.ts'
import { formatRfc3339 } from '../rfc3339.ts'
import type { ClockView } from './trusted-time.ts'

/** Logs one line when a doubt begins, and one when it ends. */
export function tellClock(log: Pick<Logger, 'warn' | 'info'>, { state, at, systemAt, why }: ClockView): void {
  const times = { at: formatRfc3339(at), system: formatRfc3339(systemAt) }
  if (state === 'sure') log.info(times, 'the clock is believed')
  else
    log.warn(
      { code: 'CLOCK_IN_DOUBT', why, ...times },
      'the clock is in doubt: nothing is deleted because of its age until it is set right, or somebody says lintel clock trust',
    )
}
