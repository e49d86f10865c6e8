import { secondMs } from '../core/clock.ts'
import { LintelError } from '../core/errors.ts'
import type { GatewayControl, GatewayState } from '../gateway/control/gateway-control.ts'

/** Anybody may ask: the gateway is asked once in this time. */
const goodForMs = secondMs

/**
 * Whether devices are let in and what they send is taken. Rejects with what keeps them: API_UNAVAILABLE, JOURNAL_FULL,
 * JOURNAL_DISK_LOW, JOURNAL_COMMIT_FAILED or JOURNAL_CLOSED. `upMs` runs on whatever becomes of the clock.
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
