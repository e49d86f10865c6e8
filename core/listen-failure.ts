import { LintelError, messageOf } from './errors.ts'
import { codeOfFileFault } from './files.ts'

/** The error of a listener that cannot start: PORT_TAKEN, CONFIG_INVALID for a wrong address, or DATA_UNAVAILABLE if it may work later. */
export function listenFailure(what: string, address: string, error: unknown): LintelError {
  const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
  if (isTaken)
    return new LintelError('PORT_TAKEN', `${what} cannot listen on ${address}: another program does`, {
      cause: error,
    })
  return new LintelError(codeOfFileFault(error), `${what} cannot listen on ${address}: ${messageOf(error)}`, {
    cause: error,
  })
}
