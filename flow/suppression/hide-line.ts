/**
 * Chooses the members of a line to hide, given that their sum is shown and at least k: those below k, those that must be
 * hidden, and the smallest other one if fewer than two are hidden or the hidden ones add up to less than k. Each hidden
 * member could then be anything from 0 to their sum. An only member equals the sum, so it is shown.
 *
 * A member that must be hidden does not count: the other hidden ones add up to k or more without it. If all others were
 * known to be empty, the sum would be its number.
 */
export function hideLine(counts: readonly number[], always: readonly boolean[], k: number): boolean[] {
  const hidden = counts.map((count, index) => count < k || always[index]!)
  let members = 0
  let sum = 0
  let smallest = -1
  counts.forEach((count, index) => {
    if (hidden[index]) {
      members++
      if (!always[index]) sum += count
    } else if (smallest < 0 || count < counts[smallest]!) smallest = index
  })
  // A shown member is at least k, so one more is enough.
  if (members > 0 && (members < 2 || sum < k) && smallest >= 0) hidden[smallest] = true
  return hidden
}
