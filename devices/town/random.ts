/** A seeded random generator: the same key gives the same numbers on every machine. */
export interface Random {
  /** In [0, 1). */
  next(): number
  between(from: number, to: number): number
  integer(from: number, to: number): number
  chance(probability: number): boolean
  /** Mean 0, deviation 1. */
  normal(): number
  /** A random number of arrivals when `mean` are expected. */
  poisson(mean: number): number
  pick<T>(choices: readonly (readonly [T, weight: number])[]): T
}

/** sfc32 (Chris Doty-Humphrey, PractRand), keyed with a 128-bit hash of the parts. */
export function createRandom(...key: readonly (string | number)[]): Random {
  let [a, b, c, counter] = hash(key.join('\0'))

  function next(): number {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 4_294_967_296
  }
  for (let i = 0; i < 12; i++) next()

  function normal(): number {
    return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  }

  return {
    next,
    between: (from, to) => from + (to - from) * next(),
    integer: (from, to) => from + Math.floor((to - from + 1) * next()),
    chance: probability => next() < probability,
    normal,
    poisson(mean) {
      if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()))
      // Knuth's method: multiply until below e^-mean.
      const limit = Math.exp(-mean)
      let arrivals = 0
      for (let product = next(); product > limit; product *= next()) arrivals++
      return arrivals
    },
    pick(choices) {
      let left = next() * choices.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [choice, weight] of choices) {
        left -= weight
        if (left < 0) return choice
      }
      return choices.at(-1)![0]
    },
  }
}

/** cyrb128 (github.com/bryc/code, public domain). */
function hash(text: string): [number, number, number, number] {
  let h1 = 1_779_033_703
  let h2 = 3_144_134_277
  let h3 = 1_013_904_242
  let h4 = 2_773_480_762
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i)
    h1 = h2 ^ Math.imul(h1 ^ k, 597_399_067)
    h2 = h3 ^ Math.imul(h2 ^ k, 2_869_860_233)
    h3 = h4 ^ Math.imul(h3 ^ k, 951_274_213)
    h4 = h1 ^ Math.imul(h4 ^ k, 2_716_044_179)
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597_399_067)
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2_869_860_233)
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951_274_213)
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2_716_044_179)
  return [h1 ^ h2 ^ h3 ^ h4, h2 ^ h1, h3 ^ h1, h4 ^ h1]
}
