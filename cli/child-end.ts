import { backoffMs } from '../core/backoff.ts'
import { minuteMs, secondMs } from '../core/clock.ts'
import { exitCodes } from '../core/exits.ts'

/** How a process of the service ended. */
export interface ChildEnd {
  /** Null where a signal ended it, or it could not be started at all. */
  readonly code: number | null
  /** The signal that ended it, if one did. */
  readonly signal: string | null
  /** How many processes in a row, this one not included, were ended by a signal that damaged files bring about. */
  readonly crashes: number
  /** The code of the error that it named, where it could not start. */
  readonly failure: string | undefined
  /** Whether it has ever done its work since the supervisor began: its configuration was right then. */
  readonly wasReady: boolean
  readonly ranMs: number
  /** How many starts in a row, this one included, ended soon. */
  readonly attempt: number
}

export type NextStep =
  | { readonly endWith: number }
  /** All are to be stopped, and the data files looked at. */
  | { readonly mend: true }
  | { readonly attempt: number; readonly inMs: number }

const pause = { firstMs: 200, maxMs: 30 * secondMs }
/** A process that ran so long has earned a quick restart. */
const settledMs = minuteMs

/** A process in which LMDB reads a damaged page ends by one of these. */
const damageSignals: ReadonlySet<string | null> = new Set(['SIGSEGV', 'SIGBUS', 'SIGABRT'])
/** One crash may have any cause. */
const crashesOfDamage = 2

export const isCrash = (signal: string | null) => damageSignals.has(signal)

/**
 * What follows when a process has ended. Only a configuration that was never right ends the service: one that names
 * what cannot be, or (code 1, so that another start may do) an address that another program has.
 */
export function afterEnd(end: ChildEnd, random: number): NextStep {
  const { code, signal, crashes, failure, wasReady, ranMs, attempt } = end
  if (code === exitCodes.damaged || (isCrash(signal) && crashes + 1 >= crashesOfDamage)) return { mend: true }
  if (!wasReady && code === exitCodes.config) return { endWith: exitCodes.config }
  if (!wasReady && failure === 'PORT_TAKEN') return { endWith: exitCodes.failed }
  const next = ranMs > settledMs ? 1 : attempt
  return { attempt: next + 1, inMs: backoffMs(next, pause, random) }
}
