import { areaOf, type Box, intersectionOf, overlapOf } from '../../models/box.ts'

/**
 * Average precision by COCO's protocol (pycocotools, `cocoeval.py`): per class, all areas, at most 100
 * detections a picture, interpolated at 101 points of recall; what falls on a crowd counts neither way.
 */
export interface Truth {
  readonly box: Box
  readonly crowd: boolean
}

export interface Found {
  readonly score: number
  readonly box: Box
}

/** One class on one picture. */
export interface Case {
  readonly truths: readonly Truth[]
  readonly found: readonly Found[]
}

type Verdict = 'right' | 'wrong' | 'ignored'

const maxPerPicture = 100
export const thresholds = Array.from({ length: 10 }, (_, index) => 0.5 + 0.05 * index)

/** Undefined where the class does not occur. */
export function averagePrecision(cases: readonly Case[], overlap: number): number | undefined {
  const wanted = cases.flatMap(({ truths }) => truths.filter(({ crowd }) => !crowd)).length
  if (wanted === 0) return undefined
  const judged = cases.flatMap(one => judge(one, overlap)).filter(({ verdict }) => verdict !== 'ignored')
  judged.sort((a, b) => b.score - a.score)
  let right = 0
  const curve = judged.map(({ verdict }, index) => {
    if (verdict === 'right') right++
    return { recall: right / wanted, precision: right / (index + 1) }
  })
  for (let i = curve.length - 2; i >= 0; i--)
    curve[i]!.precision = Math.max(curve[i]!.precision, curve[i + 1]!.precision)
  let total = 0
  for (let point = 0; point <= 100; point++)
    total += curve.find(({ recall }) => recall >= point / 100 - 1e-9)?.precision ?? 0
  return total / 101
}

/** How each detection of a picture fares, surest first: each takes the annotation that it fits best and that is free. */
export function judge({ truths, found }: Case, overlap: number): { score: number; verdict: Verdict }[] {
  const taken = new Set<Truth>()
  const surest = found.toSorted((a, b) => b.score - a.score).slice(0, maxPerPicture)
  return surest.map(({ score, box }) => {
    const fits = truths.filter(
      truth => !taken.has(truth) && !truth.crowd && overlapOf(truth.box, box) >= overlap,
    )
    const best = fits.toSorted((a, b) => overlapOf(b.box, box) - overlapOf(a.box, box))[0]
    if (best !== undefined) {
      taken.add(best)
      return { score, verdict: 'right' }
    }
    const inCrowd = truths.some(
      truth => truth.crowd && intersectionOf(truth.box, box) / areaOf(box) >= overlap,
    )
    return { score, verdict: inCrowd ? 'ignored' : 'wrong' }
  })
}
