/** A seeded generator in [0, 1), so that a run that failed can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** From the environment, to repeat a run; else from the clock. Printed either way. */
export function printedSeed(name: string): number {
  const seed = Number(process.env.LINTEL_SEED ?? Date.now() % 1_000_000)
  process.stdout.write(`${name}: seed ${seed} (repeat with LINTEL_SEED=${seed})\n`)
  return seed
}
