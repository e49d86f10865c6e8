import { LintelError } from '../core/errors.ts'
import { type ObjectKind, objectKinds } from '../core/words.ts'
import type { Detection } from '../models/detector.ts'
import { type Look, openEye } from '../models/eye.ts'
import { openRedactor } from '../models/redactor.ts'
import { type AnnotatedPicture, readAnnotated } from './accuracy/annotated.ts'
import { averagePrecision, type Case, judge, thresholds } from './accuracy/average-precision.ts'
import { isCovered, isLarge } from './accuracy/face-coverage.ts'
import { median, round } from './machine.ts'

export const description = 'DIR [MANIFEST]: what the eye and the redactor get right on annotated pictures'

/** Low enough that what is left out could not move a curve. */
const curveScore = 0.05
const vehicles: readonly ObjectKind[] = ['bicycle', 'motorcycle', 'car', 'bus', 'truck']
const fourWheelers: readonly ObjectKind[] = ['car', 'bus', 'truck']

interface Examined extends AnnotatedPicture, Pick<Look, 'detections' | 'timings'> {
  readonly covered: readonly boolean[]
  readonly cameraFaults: Look['camera']['faults']
  readonly redactMs: number
}

/** `npm run bench -- accuracy DIR [MANIFEST]`: pictures and their `annotations.json`, through the path that snapshots take. */
export async function run(_options: Record<string, number>, [directory, manifest]: readonly string[]) {
  if (directory === undefined)
    throw new LintelError('CONFIG_INVALID', 'say which directory: npm run bench -- accuracy DIR [MANIFEST]')
  const pictures = readAnnotated(directory)
  const eye = await openEye(manifest === undefined ? {} : { manifestPath: manifest })
  const redactor = await openRedactor()
  try {
    const examined: Examined[] = []
    for (const picture of pictures) examined.push(await examine(picture))
    return summary(examined, eye.manifest.thresholds.report)
  } finally {
    await eye.close()
    await redactor.close()
  }

  async function examine(picture: AnnotatedPicture): Promise<Examined> {
    const { toCover, unsure = [], camera, timings } = await eye.look(picture.bytes, { minScore: curveScore })
    const { covered, totalMs } = await redactor.redact(picture.bytes, { toCover })
    return {
      ...picture,
      detections: [...toCover, ...unsure],
      timings,
      covered: picture.faces.filter(isLarge).map(face => isCovered(face, covered)),
      cameraFaults: camera.faults,
      redactMs: totalMs,
    }
  }
}

function summary(pictures: readonly Examined[], working: number) {
  const perKind = objectKinds.map(kind => {
    const cases = pictures.map(picture => caseOf(picture, [kind]))
    const perThreshold = thresholds.map(overlap => averagePrecision(cases, overlap))
    return { name: kind, ap50: perThreshold[0], ap: mean(perThreshold) }
  })
  const ap50 = (kinds: readonly ObjectKind[]) =>
    mean(perKind.filter(({ name }) => kinds.includes(name)).map(kind => kind.ap50))
  const covered = pictures.flatMap(picture => picture.covered)
  return {
    images: pictures.length,
    personAp50: rounded(ap50(['person'])),
    vehicleAp50: rounded(ap50(vehicles)),
    fourWheelAp50: rounded(
      averagePrecision(
        pictures.map(picture => caseOf(picture, fourWheelers)),
        0.5,
      ),
    ),
    map: rounded(mean(perKind.map(({ ap }) => ap))),
    ...personFigures(pictures, working),
    countMae: rounded(
      mean(
        pictures.map(picture =>
          Math.abs(countOf(picture, ['person'], working) - truthOf(picture, ['person'])),
        ),
      ),
    ),
    vehicleCountMae: rounded(
      mean(
        pictures.map(picture =>
          Math.abs(countOf(picture, fourWheelers, working) - truthOf(picture, fourWheelers)),
        ),
      ),
    ),
    personPresence: presence(pictures, ['person'], working),
    fourWheelPresence: presence(pictures, fourWheelers, working),
    faces: covered.length,
    facesCovered: covered.length === 0 ? null : rounded(covered.filter(Boolean).length / covered.length),
    decodeMs: round(median(pictures.map(({ timings }) => timings.decodeMs)), 1),
    inferenceMs: round(median(pictures.map(({ timings }) => timings.inferenceMs)), 1),
    redactMs: round(median(pictures.map(({ redactMs }) => redactMs)), 1),
    cameraFaults: pictures.filter(({ cameraFaults }) => cameraFaults.length > 0).length,
    kinds: perKind.map(({ name, ap50: at50, ap }) => ({ name, ap50: rounded(at50), ap: rounded(ap) })),
  }
}

/** At the score from which the product counts. */
function personFigures(pictures: readonly Examined[], working: number) {
  const cases = pictures.map(picture =>
    caseOf({ ...picture, detections: atLeast(picture.detections, working) }, ['person']),
  )
  const verdicts = cases.flatMap(one => judge(one, 0.5).map(({ verdict }) => verdict))
  const right = verdicts.filter(verdict => verdict === 'right').length
  const wrong = verdicts.filter(verdict => verdict === 'wrong').length
  const wanted = cases.flatMap(({ truths }) => truths.filter(({ crowd }) => !crowd)).length
  return { personPrecision: rounded(right / (right + wrong)), personRecall: rounded(right / wanted) }
}

/** On how many pictures "is there any?" is answered rightly. */
function presence(pictures: readonly Examined[], kinds: readonly ObjectKind[], working: number): number {
  return pictures.filter(picture => {
    const there = picture.annotations.some(({ kind }) => kinds.includes(kind))
    return there === countOf(picture, kinds, working) > 0
  }).length
}

function caseOf({ annotations, detections }: Examined, kinds: readonly ObjectKind[]): Case {
  return {
    truths: annotations.filter(annotation => kinds.includes(annotation.kind)),
    found: detections.filter(detection => kinds.includes(detection.kind)),
  }
}

const atLeast = (detections: readonly Detection[], score: number) =>
  detections.filter(detection => detection.score >= score)

const countOf = ({ detections }: Examined, kinds: readonly ObjectKind[], working: number) =>
  atLeast(detections, working).filter(({ kind }) => kinds.includes(kind)).length

const truthOf = ({ annotations }: Examined, kinds: readonly ObjectKind[]) =>
  annotations.filter(({ kind, crowd }) => kinds.includes(kind) && !crowd).length

function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter(value => value !== undefined)
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0) / known.length
}

/** JSON has no undefined and no NaN: null says that there was nothing to measure. */
const rounded = (value: number | undefined) =>
  value === undefined || Number.isNaN(value) ? null : round(value, 3)
