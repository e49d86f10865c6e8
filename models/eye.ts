import { isInside, type Polygon, type Regions, turnPolygon } from '../config/regions.ts'
import { addTurns, turns } from '../core/turn.ts'
import type { Size } from './box.ts'
import { burn } from './burn.ts'
import { type CameraLook, inspectCamera } from './camera.ts'
import { type Detection, openDetector, type View } from './detector.ts'
import type { Manifest } from './manifest.ts'
import { openPicture } from './picture.ts'

export interface LookOptions {
  readonly regions?: Regions
  /** Also list, as `unsure`, detections with scores from this up to the manifest's `redact`: for curves of accuracy. */
  readonly minScore?: number
  /** Also look at it turned by 90, 180 and 270 degrees: three more looks. */
  readonly compareTurns?: boolean
}

/** The content of one snapshot. Boxes are in pixels of the upright picture. */
export interface Look {
  /** The name of the model in its manifest. */
  readonly model: string
  /** The size of the upright picture. */
  readonly picture: Size
  /**
   * Detections that count: those with scores from the manifest's `report` on and, if there is a zone, with their foot
   * (the middle of the lower edge of the box) in it. Surest first.
   */
  readonly detections: readonly Detection[]
  /** Detections that must be covered at rest: all from the manifest's `redact` on, in the zone or not. */
  readonly toCover: readonly Detection[]
  /** Neither counted nor covered; empty unless it was asked for. */
  readonly unsure?: readonly Detection[]
  /** If it was asked for: the sums of scores from `report` on, in the zone or not, by `turns` beyond the turn that is set. */
  readonly turnSums?: readonly number[]
  readonly camera: CameraLook
  readonly timings: { readonly decodeMs: number; readonly inferenceMs: number; readonly totalMs: number }
}

/** Looks at snapshots. One for the life of a process. */
export interface Eye {
  readonly manifest: Manifest
  /**
   * Looks at a JPEG or PNG, which is decoded once and looked at once, unless turns are compared. Masked parts are black
   * before the model looks. Several looks may be under way: pictures are decoded on other threads while an inference,
   * some 20 ms, blocks this one. Throws PICTURE_UNREADABLE, PICTURE_TOO_LARGE or MODEL_OUTPUT_INVALID.
   */
  look(picture: Uint8Array, options?: LookOptions): Promise<Look>
  close(): Promise<void>
}

export interface EyeOptions {
  /** The manifest of a model of objects; ours by default. */
  readonly manifestPath?: string
  /** Threads for one inference; 1 by default. */
  readonly threads?: number
}

/** Throws what openDetector throws. */
export async function openEye({ manifestPath, ...options }: EyeOptions = {}): Promise<Eye> {
  const detector = await openDetector(manifestPath, options)
  const { manifest } = detector
  const { report, redact } = manifest.thresholds
  const sumOf = (detections: readonly Detection[]) =>
    detections.reduce((sum, { score }) => sum + (score >= report ? score : 0), 0)

  async function sumsOf(
    picture: Uint8Array,
    { mask = [], turned = 0 }: Regions,
    seen: readonly Detection[],
  ): Promise<number[]> {
    const sums = [sumOf(seen)]
    for (const by of turns.slice(1)) {
      const view = await detector.view(await openPicture(picture, addTurns(turned, by)))
      hide(
        view,
        mask.map(polygon => turnPolygon(polygon, by)),
      )
      sums.push(sumOf((await detector.see(view, report)).detections))
    }
    return sums
  }

  return {
    manifest,
    async look(picture, { regions = {}, minScore = redact, compareTurns = false } = {}) {
      const { mask = [], zone, turned } = regions
      const started = performance.now()
      const view = await detector.view(await openPicture(picture, turned))
      const decodeMs = performance.now() - started
      // Before the mask is burned in: its edges would make the picture look sharp.
      const camera = inspectCamera(view.pixels, view.placement, mask)
      hide(view, mask)
      const { detections, inferenceMs } = await detector.see(view, Math.min(minScore, redact))
      const toCover = detections.filter(({ score }) => score >= redact)
      const timings = { decodeMs, inferenceMs, totalMs: performance.now() - started }
      const turnSums = compareTurns ? { turnSums: await sumsOf(picture, regions, detections) } : {}
      return {
        model: manifest.name,
        picture: view.picture,
        detections: toCover.filter(
          detection =>
            detection.score >= report && (zone === undefined || standsIn(zone, detection, view.picture)),
        ),
        toCover,
        unsure: detections.filter(({ score }) => score < redact),
        ...turnSums,
        camera,
        timings,
      }
    },
    close: () => detector.close(),
  }
}

function hide({ placement: { input, inner, left, top }, pixels }: View, mask: readonly Polygon[]): void {
  burn({ ...input, data: pixels }, mask, { ...inner, left, top })
}

function standsIn(zone: Polygon, { box }: Detection, { width, height }: Size): boolean {
  return isInside(zone, (box.left + box.right) / 2 / width, box.bottom / height)
}
