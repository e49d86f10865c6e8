import { codeOf, errorCodes, LintelError } from '../../core/errors.ts'
import type { AuditLog } from './audit-log.ts'
import type { Deed } from './chain.ts'

/**
 * Does something that has to be recorded. Its beginning is on disk before it is done, so nothing is done without a
 * record. `told` returns the target of the final entry, undefined if nothing was changed. If the beginning cannot be
 * written, throws API_UNAVAILABLE and does nothing.
 */
export async function onRecord<T>(
  audit: Pick<AuditLog, 'begin'>,
  deed: Deed,
  act: () => Promise<T>,
  told: (answer: T) => string | undefined = () => deed.target,
): Promise<T> {
  const begun = await audit.begin(deed).catch(cause => {
    throw new LintelError('API_UNAVAILABLE', 'it was not done: it could not be put on record. Is the disk full?', { cause }) // biome-ignore format: one line
  })
  let answer: T
  try {
    answer = await act()
  } catch (error) {
    const end = isRefusal(error) ? undefined : { ...deed, target: `${deed.target}: failed, and may be done in part` } // biome-ignore format: one line
    // The record of the beginning remains even if this fails.
    await begun.end(end).catch(() => {})
    throw error
  }
  const target = told(answer)
  await begun.end(target === undefined ? undefined : { ...deed, target })
  return answer
}

/** True if nothing was done: after an error that allows a retry, or an unexpected one, it may have been done in part. */
function isRefusal(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && !errorCodes[code].retryable
}
