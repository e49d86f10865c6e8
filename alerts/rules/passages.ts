import { minuteMs } from '../../core/clock.ts'
import type { DataOf } from '../../devices/contract/kinds.ts'

/** A passage at a point within the last minutes. */
export interface RecentPassage {
  /** Epoch ms; the sighting on its picture has the same time. */
  readonly at: number
  /** In listening time. */
  readonly when: number
  readonly direction: 'in' | 'out'
  readonly granted: boolean
}

export type Passages = readonly RecentPassage[]

const keptMs = 2 * minuteMs
const maxKept = 16

/** Adds a passage, oldest first, and drops those that no rule needs any more. */
export function remember(
  passages: Passages,
  at: number,
  when: number,
  { direction, result }: DataOf<'passage'>,
): Passages {
  const newest = Math.max(when, passages.at(-1)?.when ?? when)
  if (when < newest - keptMs) return passages
  const kept = passages.filter(passage => passage.when >= newest - keptMs)
  const before = kept.findLastIndex(passage => passage.when <= when)
  kept.splice(before + 1, 0, { at, when, direction, granted: result === 'granted' })
  return kept.slice(-maxKept)
}

export const wasGranted = (passages: Passages, from: number, to: number) =>
  passages.some(({ when, granted }) => granted && when >= from && when <= to)

/** True if a picture of that moment was taken when somebody was let in. */
export const isEntry = (passages: Passages, pictureAt: number) =>
  passages.some(({ at, granted, direction }) => granted && direction === 'in' && at === pictureAt)
