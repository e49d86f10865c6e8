/**
 * Which members of a line are hidden, where their sum is shown, at least k: those below k and those that
 * must be, and the smallest other one where the hidden ones are fewer than two or add up to less than k.
 * Each of them could then be anything from 0 to their sum. An only member is its sum, so it is shown.
 *
 * A member that must be hidden counts as if it were alone: the others that are hidden add up to k or more without it.
 * Beside nothing but members that are known to be empty, the sum would be its number.
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
  // What is shown is at least k, so one is enough.
  if (members > 0 && (members < 2 || sum < k) && smallest >= 0) hidden[smallest] = true
  return hidden
}
