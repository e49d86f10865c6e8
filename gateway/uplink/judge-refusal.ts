import { type ErrorCode, errorCodes, isErrorCode, LintelError } from '../../core/errors.ts'
import type { Command } from '../../devices/client/command.ts'

/** Codes of messages that were not acked and ended the connection, as they will the next time, too. */
const holding: readonly string[] = [
  'PUBLISH_TOPIC_FOREIGN',
  'PUBLISH_TOPIC_UNKNOWN',
  'PACKET_TOO_LARGE',
] satisfies ErrorCode[]

/** Judges a refusal of the centre: something to wait out (`holds`), a passing trouble, or something that the centre parked. */
export function judgeRefusal({ code, reason, device }: Extract<Command, { type: 'refusal' }>): {
  fault: LintelError
  holds: boolean
} {
  if (holding.includes(code)) {
    const what = `everything waits here, since the centre refuses it: ${reason}`
    return { fault: new LintelError('UPLINK_REFUSED', what), holds: true }
  }
  if (isErrorCode(code) && errorCodes[code].retryable) {
    const what = `the centre ended the connection: ${reason}`
    return { fault: new LintelError(code, what), holds: false }
  }
  const what = `the centre has parked something of ${device ?? 'ours'}: ${code}: ${reason}`
  return { fault: new LintelError('UPLINK_RECORD_REFUSED', what), holds: false }
}
