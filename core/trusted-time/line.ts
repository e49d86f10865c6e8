import { dayMs, hourMs, minuteMs } from '../clock.ts'
import type { DoubtReason } from './trusted-time.ts'

/**
 * The line: a time that was true at a moment of running time, and goes on with it. The system clock is believed as
 * long as it is near the line. Pure: docs/decisions/0010 has the reasons for each bound.
 */
export interface Line {
  /** Epoch ms that was true when the machine had been up for `upMs` in its start `boot`. */
  readonly at: number
  readonly upMs: number
  readonly boot: string
  readonly doubt?: Doubt
  /** What other witnesses said when a person set the line back: they are wrong up to there. */
  readonly ignoreUntil?: number
}

export interface Doubt {
  readonly why: DoubtReason
  /** In running time. */
  readonly sinceUpMs: number
  /** By the system clock. */
  readonly sinceSystemAt: number
  /** How far beyond the line the truth may lie. */
  readonly aheadMs: number
  /** The machine was off before it, for nobody knows how long. */
  readonly afterStart: boolean
}

/** A moment by both: the system clock, and running time. */
export interface Reading {
  readonly systemAt: number
  readonly upMs: number
  readonly boot: string
}

/** A step of the clock that is smaller is one of many that keep a clock right. */
export const stepMs = 2 * minuteMs
/** The line follows such steps by a thousandth of running time: cheap oscillators are 20 times better. */
const slew = 0.001
/** A start that comes so soon after the last known time is believed; a zone taken for UTC is further off. */
export const shortStopMs = hourMs
/** No machine waits longer in a store room; further than that only a person is believed. */
export const longestStopMs = 366 * dayMs
/** Lintel is younger than this, and will not be used in this version that long after. */
export const earliestAt = Date.UTC(2024, 0, 1)
const believableMs = 10 * 366 * dayMs

/** Where the line is at a moment of the same start of the machine. */
export const lineAt = ({ at, upMs }: Pick<Line, 'at' | 'upMs'>, now: number) => at + now - upMs

/** Since when the machine is up, it was never off: the line can be drawn on. */
export const isSameRun = (line: Line, { boot, upMs }: Omit<Reading, 'systemAt'>) =>
  line.boot === boot && upMs >= line.upMs

/**
 * The line at the start of a process. `witnessAt` is a time that something else on disk has seen, such as the last
 * commit of the journal: it stands in where the line was lost or is an older copy.
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

/** What there is to say for the system clock, besides itself. */
export interface Evidence {
  /** A time server, or most devices: by clocks of their own. */
  readonly agrees: boolean
}

/** The line one look later, at most some seconds of running time behind the one before. */
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
  // Back where it was: the line itself has never been in doubt, and small steps must not add up.
  if (off >= -stepMs && off <= near) return settle(here, doubt.afterStart ? systemAt : at)
  const aheadMs = doubt.afterStart ? doubt.aheadMs : Math.max(doubt.aheadMs, Math.min(off, longestStopMs))
  return { ...here, doubt: { ...doubt, why: reasonNow(doubt, off), aheadMs } }
}

/** Why there is a doubt, by where the system clock is now: it may have been set since the doubt was written down. */
export const reasonNow = ({ why }: Doubt, off: number): DoubtReason =>
  why === 'unknown' ? why : off > 0 ? 'ahead' : 'behind'

/** A person says that the system clock is right. */
export function trust(line: Line, { systemAt, upMs }: Reading): Line {
  const at = lineAt(line, upMs)
  const settled = settle({ ...line, at, upMs }, systemAt)
  return systemAt < at - stepMs ? { ...settled, ignoreUntil: Math.max(at, line.ignoreUntil ?? 0) } : settled
}

function settle({ doubt: _, ...line }: Line, at: number): Line {
  return { ...line, at }
}
