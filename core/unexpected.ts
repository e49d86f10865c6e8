import { codeOf, LintelError, messageOf } from './errors.ts'
import { exitCodeOf } from './exits.ts'
import type { Logger } from './log.ts'

/**
 * Ends the process for any uncaught error: logs a line with a code, and exits with the exit code for it. Node would print
 * the error raw, and always exit with 1.
 */
export function endOnUnexpected(log: Logger): void {
  const end = (error: unknown) => {
    const fault = asFault(error)
    const stack = error instanceof Error && codeOf(error) === undefined ? { stack: error.stack } : {}
    log.fatal(
      { code: fault.code, error: fault.message, ...stack },
      'an error that nobody expected ends the process',
    )
    process.exit(exitCodeOf(fault))
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}

function asFault(error: unknown): LintelError {
  if (error instanceof LintelError) return error
  return new LintelError('PROCESS_FAILED', messageOf(error), { cause: error })
}
