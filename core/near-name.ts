/** A name that differs by more edits is another word. */
const maxSteps = 2

/**
 * The name in `known` that `given` most likely means: one that differs only in case, or in at most two letters (missing,
 * added, replaced or swapped), or one that begins with it. Undefined if none is near.
 */
export function nearName(given: string, known: readonly string[]): string | undefined {
  const word = given.toLowerCase()
  const ranked = known
    .map(name => ({ name, steps: stepsBetween(word, name.toLowerCase()) }))
    // At most half of a short word may differ.
    .filter(({ steps }) => steps <= Math.min(maxSteps, Math.floor(word.length / 2)))
    .sort((a, b) => a.steps - b.steps)
  return (
    ranked[0]?.name ?? (word.length < 3 ? undefined : known.find(name => name.toLowerCase().startsWith(word)))
  )
}

/** Edits between two words: insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function stepsBetween(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      let steps = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        steps = Math.min(steps, before[j - 2]! + 1)
      row.push(steps)
    }
    before = last
    last = row
  }
  return last[b.length]!
}
