export interface Backoff {
  firstMs: number
  maxMs: number
}

/**
 * The wait before try number `attempt` (from 1): exponential, capped, half of it random, so that many devices that lost
 * their broker at once do not come back at once. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, { firstMs, maxMs }: Backoff, random: number): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 30))
  return Math.round(ceiling / 2 + (ceiling / 2) * random)
}
