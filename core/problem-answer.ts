import { isErrorCode, LintelError } from './errors.ts'

/**
 * The error that the body of an answer tells, if it is a problem (RFC 9457) with a code of ours; else API_UNAVAILABLE, for
 * example for the own page of a proxy. `who` answered.
 */
export function problemIn(text: string, status: number | undefined, who = 'the service'): LintelError {
  let problem: { code?: unknown; detail?: unknown } | null = null
  try {
    problem = JSON.parse(text)
  } catch {
    // It is no JSON.
  }
  const code = isErrorCode(problem?.code) ? problem.code : 'API_UNAVAILABLE'
  const detail = typeof problem?.detail === 'string' ? problem.detail : `${who} answered ${status}`
  return new LintelError(code, detail)
}
