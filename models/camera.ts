import type { Polygon } from '../config/regions.ts'
import { type Cells, toCells } from './cells.ts'
import type { Placement } from './placement.ts'
import { fromText, isSameScene, toScene, toText } from './scene.ts'

/** Faults that a camera may have. */
export const cameraFaults = ['dark', 'bright', 'blurred', 'covered', 'frozen'] as const

export type CameraFault = (typeof cameraFaults)[number]

/** Findings of one picture about the camera that took it. */
export interface CameraLook {
  /** As few faults as describe it: a black picture is dark, not also covered and blurred. */
  readonly faults: readonly Exclude<CameraFault, 'frozen'>[]
  /** The scene in few numbers, to be compared with that of the next picture: see `scene.ts`. */
  readonly scene: Uint16Array
}

/** The state of a camera between its pictures: plain, at most 4 kB as JSON with our model. */
export interface CameraState {
  /** The scene that has not changed since the first of `events`, base64. */
  readonly scene: string
  /** The events that showed it, at most as many as make a camera frozen. */
  readonly events: readonly string[]
}

/**
 * Thresholds; how far 47 sharp photographs by day and by night stay from them; and the values of altered versions of
 * these. In brackets, the share of people that the detector still finds in the altered ones.
 *
 *                                     photographs      altered
 * dark     95th percentile < 16       120 and more     a twelfth of the light: 9 to 21 [48 %]; a twentieth: 6 to 13
 * bright   15th percentile ≥ 240      216 and less     8 × the light: half of them [22 %]; 16 ×: three in four [11 %]
 * covered  cells with edges < 6 %     12 % and more    hand, tape, paint, also with noise: none; a clock in the
 *                                                      corner makes up to 4 %
 * blurred  cells with sharp edges     2.3 × that       blurred by 0.4 % of the width [66 %]: 4 × that, as a median;
 *          < 4 % + 12 % of those      and more         0.8 % [35 %]: 0.8 ×; 1.2 % [24 %]: none above 0.9 ×
 *          with edges
 */
const darkBelow = 16
const brightFrom = 240
const edgesAtLeast = 0.06
const clockShare = 0.04
const sharpOfEdges = 0.12

/** A cell shows an edge if its contrast is this part of the picture's brightness, within these bounds. */
const edgeContrast = { part: 0.15, least: 8, most: 24 }
/** A step from one pixel of the plane to the next is sharp if it is this part of the contrast; a cell is 8 such pixels wide. */
const sharpStep = 0.35

/** One such picture proves nothing, two may be chance. */
const eventsUntilFrozen = 3

/**
 * Judges a picture in a model's input, before the mask is burned in: the edges of the mask would count as sharp ones.
 * Takes half a millisecond for 512 × 288. Masked parts are not judged.
 */
export function inspectCamera(
  pixels: Uint8Array,
  placement: Placement,
  mask: readonly Polygon[] = [],
): CameraLook {
  const cells = toCells(pixels, placement, mask)
  const fault = faultOf(cells)
  return { faults: fault === undefined ? [] : [fault], scene: toScene(cells) }
}

/**
 * The state of the camera after one more picture. It is frozen when pictures of three different events in a row show the
 * same: the same file, or the same frame encoded again or with another time written into it. Sensor noise with a standard
 * deviation of 2 of 255 or more proves a live picture; below that, a camera that removes noise and sees nobody at three
 * events in a row may be taken for frozen. A picture on which nothing can be seen starts again.
 */
export function nextCamera(
  state: CameraState | undefined,
  { faults, scene }: CameraLook,
  event: string,
): { state: CameraState; faults: readonly CameraFault[] } {
  if (faults.some(fault => fault !== 'blurred')) return { state: { scene: '', events: [] }, faults }
  const unchanged = state !== undefined && isSameScene(fromText(state.scene), scene)
  if (!unchanged) return { state: { scene: toText(scene), events: [event] }, faults }
  const events = state.events.includes(event)
    ? state.events
    : [...state.events, event].slice(-eventsUntilFrozen)
  return {
    state: { scene: state.scene, events },
    faults: events.length < eventsUntilFrozen ? faults : [...faults, 'frozen'],
  }
}

function faultOf(cells: Cells): Exclude<CameraFault, 'frozen'> | undefined {
  const judged = cells.masked.reduce((total, masked) => total + 1 - masked, 0)
  if (judged === 0) return undefined
  const light = percentile(cells.histogram, 0.95)
  if (light < darkBelow) return 'dark'
  if (percentile(cells.histogram, 0.15) >= brightFrom) return 'bright'
  const { part, least, most } = edgeContrast
  const contrast = Math.min(Math.max(light * part, least), most)
  let [edges, sharp] = [0, 0]
  for (let cell = 0; cell < cells.mean.length; cell++) {
    if (cells.masked[cell] === 1 || cells.contrast[cell]! < contrast) continue
    edges++
    if (cells.step[cell]! >= sharpStep * cells.contrast[cell]!) sharp++
  }
  if (edges < edgesAtLeast * judged) return 'covered'
  return sharp < clockShare * judged + sharpOfEdges * edges ? 'blurred' : undefined
}

/** The least brightness that this part of all pixels does not exceed. */
function percentile(histogram: Uint32Array, part: number): number {
  const wanted = part * histogram.reduce((total, count) => total + count, 0)
  let seen = 0
  return histogram.findIndex(count => {
    seen += count
    return seen >= wanted
  })
}
