/** Runs `act` whenever what `read` gives differs from the last time; the first value is none. */
export function onChange(read: () => number, act: () => void): () => void {
  let last = read()
  return () => {
    const next = read()
    if (next !== last) act()
    last = next
  }
}
