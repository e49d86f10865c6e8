import { codeOf, LintelError, messageOf } from './errors.ts'
import { exitCodeOf } from './exits.ts'
import type { Logger } from './log.ts'

/**
 * The one way out for errors that nobody caught: a line in the log with a code, and the exit code of that. Node would
 * print them raw, and end with 1 whatever they are.
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
