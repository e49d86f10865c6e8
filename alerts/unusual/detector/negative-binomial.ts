/** ln Γ(x) for x > 0 by Stirling's series, after lifting x to where the series is exact to 1e-12. */
export function logGamma(x: number): number {
  let product = 1
  let lifted = x
  while (lifted < 8) product *= lifted++
  const inverse = 1 / lifted
  const square = inverse * inverse
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
  return (lifted - 0.5) * Math.log(lifted) - lifted + halfLogTwoPi + series - Math.log(product)
}

const halfLogTwoPi = 0.918_938_533_204_672_7

/** ln P(count) of a negative binomial with this mean (> 0) and size: variance mean + mean² / size. */
export function logProbability(count: number, mean: number, size: number): number {
  const zeros = size * Math.log(size / (size + mean))
  if (count === 0) return zeros
  return (
    logGamma(count + size) -
    logGamma(size) -
    logGamma(count + 1) +
    zeros +
    count * Math.log(mean / (size + mean))
  )
}

export interface Counted {
  readonly mean: number
  readonly size: number
}

/**
 * ln P(count) of the sum of two, approximated by a negative binomial of the same mean and variance. The exact sum over
 * all splits takes time in proportion to the count, and raises the same alarms on CalIt2.
 */
export function logProbabilityOfSum(count: number, a: Counted, b: Counted): number {
  const mean = a.mean + b.mean
  return logProbability(count, mean, (mean * mean) / (a.mean ** 2 / a.size + b.mean ** 2 / b.size))
}
