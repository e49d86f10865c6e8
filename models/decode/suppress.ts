import { type Box, overlapOf } from '../box.ts'

interface Scored {
  readonly score: number
  readonly box: Box
}

/**
 * Non-maximum suppression: of things of one group that overlap more than `overlap` (intersection over union), the surest
 * stays. The result is sorted by score, surest first. In the group `undefined` nothing is suppressed.
 */
export function suppress<T extends Scored>(
  things: readonly T[],
  overlap: number,
  groupOf: (thing: T) => unknown,
): T[] {
  const kept: T[] = []
  for (const thing of things.toSorted((a, b) => b.score - a.score)) {
    const group = groupOf(thing)
    const hidden =
      group !== undefined &&
      kept.some(other => groupOf(other) === group && overlapOf(other.box, thing.box) > overlap)
    if (!hidden) kept.push(thing)
  }
  return kept
}
