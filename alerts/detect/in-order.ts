import { secondMs } from '../../core/clock.ts'

/** When a device's latest live event happened and when it was heard, in listening time. Plain JSON. */
export interface Said {
  readonly when: number
  readonly heard: number
  /** Added to the times of a clock that was set back, until it has caught up. */
  readonly shiftMs: number
}

/** For events heard this close together, their own times decide the order: urgent events may overtake others. */
const togetherMs = 2 * secondMs

/**
 * Keeps the events of a device in the order in which they happened. If its clock is set back between two events, time
 * continues by their receipt; otherwise a door's closing would lie before its opening and mean nothing.
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
