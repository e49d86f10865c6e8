import { dayMs } from '../../core/clock.ts'
import type { DeviceId, Place } from '../../core/words.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { Finding } from '../rules/rule.ts'
import type { RuleSettings } from '../rules/rule-settings.ts'
import { createDetector } from './detector.ts'
import { deafAfterMs } from './listening.ts'

export interface Recorded {
  readonly device: DeviceId
  readonly place: Place
  readonly record: EventRecord
}

/** A longer pause is a gap in the recording, not silence of the devices. */
const longestPauseMs = 2 * dayMs

/** Runs the rules over records in order of receipt, as if the service had listened without a break and for `thenMs` after the last. */
export function* replay(
  recorded: Iterable<Recorded>,
  settings: RuleSettings,
  thenMs = 0,
): Generator<Finding, void> {
  const detector = createDetector({ settings })
  let now: number | undefined
  let seq = 0
  function* listenUntil(until: number): Generator<Finding, void> {
    if (now !== undefined && until - now <= longestPauseMs) {
      for (let at = now + deafAfterMs; at < until; at += deafAfterMs) yield* detector.tick(at)
    }
    now = until
  }
  for (const { device, place, record } of recorded) {
    yield* listenUntil(record.receivedAt)
    yield* detector.take({ seq: ++seq, device, record }, place, record.receivedAt)
  }
  if (now === undefined || thenMs === 0) return
  const end = now + thenMs
  yield* listenUntil(end)
  yield* detector.tick(end)
}
