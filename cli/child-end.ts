import { backoffMs } from '../core/backoff.ts'
import { minuteMs, secondMs } from '../core/clock.ts'
import { exitCodes } from '../core/exits.ts'

/** How a process of the service ended. */
export interface ChildEnd {
  /** Null if a signal ended it, or it could not be started. */
  readonly code: number | null
  /** The signal that ended it, if one did. */
  readonly signal: string | null
  /** How many processes before this one, in a row, were ended by a signal that damaged files cause. */
  readonly crashes: number
  /** The code of the error it reported if it could not start. */
  readonly failure: string | undefined
  /** True if it has been ready at least once since the supervisor began: then its configuration was valid. */
  readonly wasReady: boolean
  readonly ranMs: number
  /** How many starts in a row, including this one, ended soon. */
  readonly attempt: number
}

export type NextStep =
  | { readonly endWith: number }
  /** Stop all processes, and check the data files. */
  | { readonly mend: true }
  | { readonly attempt: number; readonly inMs: number }

const pause = { firstMs: 200, maxMs: 30 * secondMs }
/** A process that ran this long is restarted quickly. */
const settledMs = minuteMs

/** A process ends by one of these when LMDB reads a damaged page. */
const damageSignals: ReadonlySet<string | null> = new Set(['SIGSEGV', 'SIGBUS', 'SIGABRT'])
/** A single crash may have any cause. */
const crashesOfDamage = 2

export const isCrash = (signal: string | null) => damageSignals.has(signal)

/**
 * Decides what to do after a process has ended. Only a configuration that was never valid ends the service: one with an
 * impossible setting or (with code 1, so that another start may succeed) with an address that another program uses.
 */
export function afterEnd(end: ChildEnd, random: number): NextStep {
  const { code, signal, crashes, failure, wasReady, ranMs, attempt } = end
  if (code === exitCodes.damaged || (isCrash(signal) && crashes + 1 >= crashesOfDamage)) return { mend: true }
  if (!wasReady && code === exitCodes.config) return { endWith: exitCodes.config }
  if (!wasReady && failure === 'PORT_TAKEN') return { endWith: exitCodes.failed }
  const next = ranMs > settledMs ? 1 : attempt
  return { attempt: next + 1, inMs: backoffMs(next, pause, random) }
}
