/** IEEE 754 half precision, the format of weights in a file. */

/** All 65,536 values: a table is the shortest correct reader. */
const halves = Float32Array.from({ length: 65_536 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
})

export function fromHalf(bits: number): number {
  return halves[bits]!
}

const bitsOf = new Map(Array.from(halves, (value, bits) => [Object.is(value, -0) ? '-0' : value, bits]))

/** The bits of a number that is exactly a half, or undefined: weights are stored this way only if nothing is lost. */
export function toExactHalf(value: number): number | undefined {
  return bitsOf.get(Object.is(value, -0) ? '-0' : value)
}
