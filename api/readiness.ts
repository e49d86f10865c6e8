import { secondMs } from '../core/clock.ts'
import { LintelError } from '../core/errors.ts'
import type { GatewayControl, GatewayState } from '../gateway/control/gateway-control.ts'

/** Anybody may ask, so the gateway is asked only once in this time. */
const goodForMs = secondMs

/**
 * Checks that devices are let in and their data is accepted. Otherwise rejects with API_UNAVAILABLE, JOURNAL_FULL,
 * JOURNAL_DISK_LOW, JOURNAL_COMMIT_FAILED or JOURNAL_CLOSED. `upMs` keeps running even if the clock is set.
 */
export function createReadiness(
  control: Pick<GatewayControl, 'state'>,
  upMs: () => number,
): () => Promise<void> {
  let askedAt = Number.NEGATIVE_INFINITY
  let answer: Promise<void> | undefined
  let isUnderWay = false
  return () => {
    if (answer !== undefined && (isUnderWay || upMs() - askedAt < goodForMs)) return answer
    askedAt = upMs()
    isUnderWay = true
    answer = control
      .state()
      .then(assertReady)
      .finally(() => {
        isUnderWay = false
      })
    return answer
  }
}

function assertReady({ listening, refusing }: GatewayState): void {
  if (Object.keys(listening).length === 0)
    throw new LintelError('API_UNAVAILABLE', 'the broker does not let devices in')
  if (refusing !== undefined)
    throw new LintelError(refusing, 'the journal takes nothing: it, or its disk, is full or fails')
}
