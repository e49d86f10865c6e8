import { codeOf, errorCodes, LintelError } from '../../core/errors.ts'
import type { AuditLog } from './audit-log.ts'
import type { Deed } from './chain.ts'

/**
 * Does what is to be on record. That it begins is on disk before it does, so none is done without a record; `told` says
 * what came of it, undefined if nothing did. Throws API_UNAVAILABLE, and does nothing, where it cannot be written down.
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
    // That it began stays on record, whatever becomes of this.
    await begun.end(end).catch(() => {})
    throw error
  }
  const target = told(answer)
  await begun.end(target === undefined ? undefined : { ...deed, target })
  return answer
}

/** Whether nothing was done: what is to be tried again, or was not foreseen, may have been done in part. */
function isRefusal(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && !errorCodes[code].retryable
}
