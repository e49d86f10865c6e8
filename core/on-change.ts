/** Returns a check that calls `act` if the value of `read` has changed since the last check, or since this call. */
export function onChange(read: () => number, act: () => void): () => void {
  let last = read()
  return () => {
    const next = read()
    if (next !== last) act()
    last = next
  }
}
