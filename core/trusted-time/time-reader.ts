import { setTimeout } from 'node:timers/promises'
import { type Clock, secondMs } from '../clock.ts'
import type { ClockFile } from './clock-file.ts'
import { isSameRun, type Line, lineAt, reasonNow, stepMs } from './line.ts'
import type { RunningTime } from './running-time.ts'
import type { ClockView, TrustedTime } from './trusted-time.ts'

export interface TimeReaderParts {
  readonly system: Clock
  readonly running: RunningTime
  readonly file: ClockFile
}

const readEveryMs = secondMs

/** Trusted time in a process that does not keep it: from the line on disk, and its own reading of the system clock. */
export function createTimeReader({ system, running, file }: TimeReaderParts): TrustedTime {
  let line: Line | undefined
  let readUpMs = Number.NEGATIVE_INFINITY

  function latest(): Line | undefined {
    const upMs = running.upMs()
    if (upMs - readUpMs >= readEveryMs) {
      line = file.read() ?? line
      readUpMs = upMs
    }
    return line
  }

  function look() {
    const known = latest()
    const systemAt = system()
    const upMs = running.upMs()
    // No process has judged the clock since the machine was started.
    if (known === undefined || !isOfThisRun(known, running))
      return { at: known?.at ?? systemAt, systemAt, why: 'unknown', aheadMs: 0 } as const
    const at = lineAt(known, upMs)
    const off = systemAt - at
    if (known.doubt !== undefined) {
      const { aheadMs, sinceUpMs } = known.doubt
      const why = reasonNow(known.doubt, off)
      return { at: Math.floor(at), systemAt, why, aheadMs, doubtForMs: Math.floor(upMs - sinceUpMs) }
    }
    if (Math.abs(off) <= stepMs) return { at: systemAt, systemAt }
    return { at: Math.floor(at), systemAt, why: off > 0 ? 'ahead' : 'behind', aheadMs: 0 } as const
  }

  return {
    clock: () => look().at,
    isSure: () => look().why === undefined,
    doubtMs: () => look().aheadMs ?? 0,
    view(): ClockView {
      const { at, systemAt, why, doubtForMs = 0 } = look()
      return why === undefined
        ? { state: 'sure', at, systemAt }
        : { state: 'in-doubt', at, systemAt, why, doubtForMs }
    },
  }
}

const isOfThisRun = (line: Line, { boot, upMs }: RunningTime) => isSameRun(line, { boot, upMs: upMs() })

/** Creates a time reader once the timekeeping process has judged the clock since the machine was started, or after `timeoutMs`. */
export async function awaitTimeReader(parts: TimeReaderParts, timeoutMs: number): Promise<TrustedTime> {
  const until = parts.running.upMs() + timeoutMs
  for (;;) {
    const line = parts.file.read()
    const isJudged = line !== undefined && isOfThisRun(line, parts.running)
    if (isJudged || parts.running.upMs() >= until) return createTimeReader(parts)
    await setTimeout(50)
  }
}
