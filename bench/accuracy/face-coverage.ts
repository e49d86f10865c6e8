import type { Box } from '../../models/box.ts'
import type { AnnotatedFace } from './annotated.ts'

/** Faces smaller than this can hardly be recognised by anybody. */
const minEyeDistance = 12
/** The chin lies below the nose by this part of the distance from the eyes to the nose. */
const chinBelowNose = 1.2

export function eyeDistance({ leftEye, rightEye }: AnnotatedFace): number {
  return Math.hypot(leftEye[0] - rightEye[0], leftEye[1] - rightEye[1])
}

export const isLarge = (face: AnnotatedFace) => eyeDistance(face) >= minEyeDistance

/** Both eyes, the nose and the chin in some region. */
export function isCovered(face: AnnotatedFace, regions: readonly Box[]): boolean {
  const { nose, leftEye, rightEye } = face
  const eyes = [(leftEye[0] + rightEye[0]) / 2, (leftEye[1] + rightEye[1]) / 2] as const
  const chin = [nose[0], nose[1] + chinBelowNose * Math.hypot(nose[0] - eyes[0], nose[1] - eyes[1])] as const
  return regions.some(({ left, top, right, bottom }) =>
    [nose, leftEye, rightEye, chin].every(([x, y]) => x >= left && x <= right && y >= top && y <= bottom),
  )
}
