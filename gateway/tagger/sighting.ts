import type { ErrorCode } from '../../core/errors.ts'
import { type Turn, turnCodes } from '../../core/turn.ts'
import { type ObjectKind, objectKinds } from '../../core/words.ts'
import { type DataOf, maxBoxes } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { CameraFault } from '../../models/camera.ts'
import { cameraFaults } from '../../models/camera.ts'
import type { Look } from '../../models/eye.ts'
import type { Waiting } from './backlog.ts'
import type { EventFacts } from './recent-events.ts'

type SightingData = DataOf<'sighting'>
/** The part of a look that is reported. */
export type Seen = Pick<Look, 'model' | 'picture' | 'detections' | 'timings'>

/**
 * The data of a sighting in the words of the contract: counts of every kind, zeros included, boxes, and the turn that the
 * camera's pictures seem to need.
 */
export function sightingOf(
  seen: Seen,
  faults: readonly CameraFault[],
  waitedMs: number,
  wantedTurn: Turn = 0,
): SightingData {
  const { model, picture, detections, timings } = seen
  const counts = Object.fromEntries(
    objectKinds.map(kind => [kind, detections.filter(detection => detection.kind === kind).length]),
  ) as Record<ObjectKind, number>
  const camera = Object.fromEntries(cameraFaults.map(fault => [fault, faults.includes(fault)])) as Record<
    CameraFault,
    boolean
  >
  return {
    outcome: 'seen',
    ...(wantedTurn === 0 ? {} : { reason: turnCodes[wantedTurn] }),
    model,
    ...counts,
    ...camera,
    width: picture.width,
    height: picture.height,
    boxes: detections.slice(0, maxBoxes).map(({ kind, score, box }) => ({
      kind,
      score: Math.round(score * 100) / 100,
      left: Math.round(box.left),
      top: Math.round(box.top),
      right: Math.round(box.right),
      bottom: Math.round(box.bottom),
    })),
    waitedMs: tenths(waitedMs),
    decodeMs: tenths(timings.decodeMs),
    inferenceMs: tenths(timings.inferenceMs),
  }
}

/** The data for a picture that nobody looked at, with the reason. */
export const unseen = (
  outcome: Exclude<SightingData['outcome'], 'seen'>,
  reason: ErrorCode,
): SightingData => ({
  outcome,
  reason,
})

/** A snapshot has no time of its own: it shows what happened at its event, if that is known. */
export function toRecord(
  { place, receivedAt }: Waiting,
  event: EventFacts | undefined,
  data: SightingData,
  now: number,
): EventRecord<'sighting'> {
  const { at, late, skewed } = event ?? { at: receivedAt, late: false, skewed: false }
  return { kind: 'sighting', at, receivedAt: now, late, skewed, place, data }
}

const tenths = (ms: number) => Math.round(Math.max(0, ms) * 10) / 10
