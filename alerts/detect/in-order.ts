import { secondMs } from '../../core/clock.ts'

/** The last that a device said as it happened, and when that was heard, in listening time. Plain JSON. */
export interface Said {
  readonly when: number
  readonly heard: number
  /** Added to the times of a clock that was set back, until it has caught up. */
  readonly shiftMs: number
}

/** Where two come together, their times say which was first: urgent events may overtake others. */
const togetherMs = 2 * secondMs

/**
 * A device says things in the order in which they happen. Where the clock of a device is set back between two of
 * them, time goes on by their receipts: or else the closing of a door would lie before its opening, and mean nothing.
 */
export function inOrder(last: Said | undefined, when: number, heard: number): Said {
  const shiftMs = shiftOf(last, when, heard)
  return { when: Math.max(last?.when ?? 0, when + shiftMs), heard, shiftMs }
}

function shiftOf(last: Said | undefined, when: number, heard: number): number {
  if (last === undefined || when >= last.when) return 0
  const sinceMs = heard - last.heard
  const isKnown = sinceMs <= togetherMs || when + last.shiftMs >= last.when
  return isKnown ? last.shiftMs : last.when + sinceMs - when
}
