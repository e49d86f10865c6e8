import { LintelError, messageOf } from './errors.ts'
import { codeOfFileFault } from './files.ts'

/** Why nothing can be heard at an address: PORT_TAKEN, or CONFIG_INVALID where nobody could. */
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
