import { dayMs, hourMs, minuteMs } from '../clock.ts'
import type { DoubtReason } from './trusted-time.ts'

/**
 * The line: a time that was true at a moment of running time, carried on by running time. The system clock is trusted
 * while it is near the line. Pure: docs/decisions/0010 has the reasons for each bound.
 */
export interface Line {
  /** The true epoch ms when the machine had been up for `upMs` since its start `boot`. */
  readonly at: number
  readonly upMs: number
  readonly boot: string
  readonly doubt?: Doubt
  /** A person has set the line back: times up to this one that were noted elsewhere are wrong. */
  readonly ignoreUntil?: number
}

export interface Doubt {
  readonly why: DoubtReason
  /** The running time when it began. */
  readonly sinceUpMs: number
  /** The system clock when it began. */
  readonly sinceSystemAt: number
  /** Most ms by which the true time may be ahead of the line. */
  readonly aheadMs: number
  /** The doubt began with a start of the machine, which had been off for an unknown time. */
  readonly afterStart: boolean
}

/** A moment by two measures: the system clock and running time. */
export interface Reading {
  readonly systemAt: number
  readonly upMs: number
  readonly boot: string
}

/** Smaller steps of the clock are ordinary corrections. */
export const stepMs = 2 * minuteMs
/** The line follows ordinary corrections by at most a thousandth of running time: cheap oscillators are 20 times better. */
const slew = 0.001
/** The system clock is trusted at a start that is this soon after the last known time; a zone taken for UTC is further off. */
export const shortStopMs = hourMs
/** No machine stays longer in a store room; only a person can confirm a greater step. */
export const longestStopMs = 366 * dayMs
/** Lintel did not exist before 2024, and nobody will use this version 10 years later. */
export const earliestAt = Date.UTC(2024, 0, 1)
const believableMs = 10 * 366 * dayMs

/** The time of the line at running time `now`, within the same start of the machine. */
export const lineAt = ({ at, upMs }: Pick<Line, 'at' | 'upMs'>, now: number) => at + now - upMs

/** True if the machine has not been off since: the line can be carried on. */
export const isSameRun = (line: Line, { boot, upMs }: Omit<Reading, 'systemAt'>) =>
  line.boot === boot && upMs >= line.upMs

/**
 * The line at the start of a process. `witnessAt` is a time noted elsewhere on disk, such as the last commit of the
 * journal: it is used if the line was lost or is an older copy.
 */
export function beginLine(known: Line | undefined, reading: Reading, witnessAt = 0): Line {
  if (known !== undefined && isSameRun(known, reading)) return look(known, reading)
  const { systemAt, upMs, boot } = reading
  const witness = witnessAt > (known?.ignoreUntil ?? 0) ? witnessAt : 0
  const ignore = known?.ignoreUntil === undefined ? {} : { ignoreUntil: known.ignoreUntil }
  const isNew = known?.doubt?.why === 'unknown' || (known === undefined && witness === 0)
  const at = Math.max(known?.at ?? 0, witness, isNew ? earliestAt : 0)
  const line: Line = { at, upMs, boot, ...ignore }
  const gap = systemAt - at
  if (gap >= -stepMs && gap <= (isNew ? believableMs : shortStopMs)) return { ...line, at: systemAt }
  const why = isNew ? 'unknown' : gap > 0 ? 'ahead' : 'behind'
  const aheadMs = isNew ? believableMs : longestStopMs
  const doubt: Doubt = { why, sinceUpMs: upMs, sinceSystemAt: systemAt, aheadMs, afterStart: true }
  return { ...line, doubt }
}

/** Evidence for the system clock from other clocks. */
export interface Evidence {
  /** A time server, or most devices, agree with the system clock by their own clocks. */
  readonly agrees: boolean
}

/** The line after one more look at the system clock, at most some seconds of running time after the last look. */
export function look(line: Line, reading: Reading, { agrees }: Evidence = { agrees: false }): Line {
  const { systemAt, upMs } = reading
  const passed = upMs - line.upMs
  const at = lineAt(line, upMs)
  const off = systemAt - at
  const here = { ...line, at, upMs }
  const { doubt } = line
  if (doubt === undefined) {
    if (Math.abs(off) <= stepMs) {
      const most = passed * slew
      return { ...here, at: at + Math.max(-most, Math.min(most, off)) }
    }
    const why = off > 0 ? 'ahead' : 'behind'
    const aheadMs = Math.max(0, Math.min(off, longestStopMs))
    const begun: Doubt = { why, sinceUpMs: upMs, sinceSystemAt: systemAt, aheadMs, afterStart: false }
    return { ...here, doubt: begun }
  }
  const isConfirmed = agrees && off >= -shortStopMs && off <= longestStopMs
  if (isConfirmed) return settle(here, systemAt)
  const near = doubt.why === 'unknown' ? believableMs : doubt.afterStart ? shortStopMs : stepMs
  // The clock is back. Unless the doubt began at a start, the line itself was never in doubt: keep it, so that small steps do not add up.
  if (off >= -stepMs && off <= near) return settle(here, doubt.afterStart ? systemAt : at)
  const aheadMs = doubt.afterStart ? doubt.aheadMs : Math.max(doubt.aheadMs, Math.min(off, longestStopMs))
  return { ...here, doubt: { ...doubt, why: reasonNow(doubt, off), aheadMs } }
}

/** The reason of a doubt by the present system clock, which may have been set since the doubt was noted. */
export const reasonNow = ({ why }: Doubt, off: number): DoubtReason =>
  why === 'unknown' ? why : off > 0 ? 'ahead' : 'behind'

/** Accepts the system clock, because a person says that it is right. */
export function trust(line: Line, { systemAt, upMs }: Reading): Line {
  const at = lineAt(line, upMs)
  const settled = settle({ ...line, at, upMs }, systemAt)
  return systemAt < at - stepMs ? { ...settled, ignoreUntil: Math.max(at, line.ignoreUntil ?? 0) } : settled
}

function settle({ doubt: _, ...line }: Line, at: number): Line {
  return { ...line, at }
}
