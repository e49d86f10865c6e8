import { codeOf, type ErrorCode } from './errors.ts'

/**
 * How a process of the service ends, and what follows. The one table of it; docs/operating.md has it in words.
 * Each but `ok` and `config` is started again: a child by the supervisor, with growing pauses; the supervisor by
 * whatever runs it (systemd, a container engine).
 */
export const exitCodes = {
  /** It was asked to stop, or its supervisor is gone. */
  ok: 0,
  /** A fault that nobody expected: PROCESS_FAILED. */
  failed: 1,
  /** EX_DATAERR: it has read something that is not as it was written. The supervisor stops all, and has the files mended. */
  damaged: 65,
  /** EX_TEMPFAIL of sysexits.h: something that it needs is not there now, such as room on the disk, a file or a lock. */
  later: 75,
  /** EX_CONFIG of sysexits.h: starting again will not help. */
  config: 78,
} as const

const ofDamage: readonly (ErrorCode | undefined)[] = ['JOURNAL_CORRUPT', 'STATE_CORRUPT']
const ofConfiguration: readonly (ErrorCode | undefined)[] = ['CONFIG_INVALID', 'DATA_VERSION']
/** After these a process cannot do its work, and ends for the next to do it. */
const endsProcess: readonly (ErrorCode | undefined)[] = ['DATA_GONE', 'JOURNAL_CLOSED']

export function exitCodeOf(error: unknown): number {
  const code = codeOf(error)
  if (ofConfiguration.includes(code)) return exitCodes.config
  if (ofDamage.includes(code)) return exitCodes.damaged
  return code === undefined || code === 'PROCESS_FAILED' ? exitCodes.failed : exitCodes.later
}

export const isEndOfProcess = (error: unknown) => endsProcess.includes(codeOf(error))
