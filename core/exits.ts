import { codeOf, type ErrorCode } from './errors.ts'

/**
 * The exit codes of the service's processes. docs/operating.md describes them. After any but `ok` and `config` the
 * process is started again: a child by the supervisor, with growing pauses; the supervisor by the program that runs it
 * (systemd, a container engine).
 */
export const exitCodes = {
  /** The process was asked to stop, or its supervisor is gone. */
  ok: 0,
  /** An unexpected fault: PROCESS_FAILED. */
  failed: 1,
  /** EX_DATAERR: the process has read corrupt data. The supervisor stops all processes and has the files repaired. */
  damaged: 65,
  /** EX_TEMPFAIL of sysexits.h: something that the process needs is missing now, such as disk space, a file or a lock. */
  later: 75,
  /** EX_CONFIG of sysexits.h: starting again will not help. */
  config: 78,
} as const

const ofDamage: readonly (ErrorCode | undefined)[] = ['JOURNAL_CORRUPT', 'STATE_CORRUPT']
const ofConfiguration: readonly (ErrorCode | undefined)[] = ['CONFIG_INVALID', 'DATA_VERSION']
/** After these errors a process cannot do its work: it ends, and is started again. */
const endsProcess: readonly (ErrorCode | undefined)[] = ['DATA_GONE', 'JOURNAL_CLOSED']

export function exitCodeOf(error: unknown): number {
  const code = codeOf(error)
  if (ofConfiguration.includes(code)) return exitCodes.config
  if (ofDamage.includes(code)) return exitCodes.damaged
  return code === undefined || code === 'PROCESS_FAILED' ? exitCodes.failed : exitCodes.later
}

export const isEndOfProcess = (error: unknown) => endsProcess.includes(codeOf(error))
