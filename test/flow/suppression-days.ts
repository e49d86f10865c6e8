import { type Arbitrary, array, constant, integer, oneof, record, tuple } from 'fast-check'
import type { DayCounts, SiteCounts } from '../../flow/suppression/lattice.ts'

/** Zeros, small and ordinary numbers, and big ones. */
const count = oneof(
  { weight: 3, arbitrary: constant(0) },
  { weight: 4, arbitrary: integer({ min: 1, max: 9 }) },
  { weight: 4, arbitrary: integer({ min: 0, max: 30 }) },
  { weight: 1, arbitrary: integer({ min: 30, max: 300 }) },
)
/** Some places are busier than others, and some are empty. */
const scale = oneof(
  { weight: 6, arbitrary: constant(1) },
  { weight: 2, arbitrary: constant(8) },
  { weight: 1, arbitrary: constant(0) },
)
const sometimes = oneof({ weight: 9, arbitrary: constant(false) }, { weight: 1, arbitrary: constant(true) })

interface Size {
  readonly sites: number
  readonly children: number
  readonly hours: number
  readonly parts: number
}

export interface Case {
  readonly day: DayCounts
  readonly k: number
}

/** Small days with all that makes them awkward; hours may differ in length. */
export function smallDays({ sites, children, hours, parts }: Size): Arbitrary<Case> {
  const lengths = array(integer({ min: 1, max: parts }), { minLength: 1, maxLength: hours })
  return lengths.chain(hourLengths => {
    const hourOf = hourLengths.flatMap((length, hour) => new Array<number>(length).fill(hour))
    const counts = array(count, { minLength: hourOf.length, maxLength: hourOf.length })
    const child = tuple(counts, scale, sometimes)
    const site = tuple(array(child, { minLength: 1, maxLength: children }), scale)
    return record({
      k: integer({ min: 3, max: 10 }),
      day: array(site, { minLength: 1, maxLength: sites }).map(all => ({
        hourOf,
        sites: all.map(([ofSite, siteScale], index) => siteOf(`s${index}`, ofSite, siteScale, all.length)),
      })),
    })
  })
}

function siteOf(
  site: string,
  all: readonly (readonly [number[], number, boolean])[],
  siteScale: number,
  siteCount: number,
): SiteCounts {
  // Where there is nothing else, hiding a place by its kind would hide the town's own number.
  const mayHide = siteCount > 1 || all.some(([, , always]) => !always)
  const children = all.map(([counts, childScale, always], index) => ({
    name: `b${index}`,
    ...(always && mayHide && { always: 'hidden' as const }),
    counts: Float64Array.from(counts, number => number * childScale * siteScale),
  }))
  return { site, children, ...(children.every(child => child.always) && { always: 'hidden' as const }) }
}
