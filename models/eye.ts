import { isInside, type Polygon, type Regions } from '../core/regions.ts'
import type { Size } from './box.ts'
import { burn } from './burn.ts'
import { type CameraLook, inspectCamera } from './camera.ts'
import { type Detection, openDetector } from './detector.ts'
import type { Manifest } from './manifest.ts'
import { openPicture } from './picture.ts'

export interface LookOptions {
  readonly regions?: Regions
  /** Also list, as `unsure`, what reaches this but not the manifest's `redact`: for curves of accuracy. */
  readonly minScore?: number
}

/** What one snapshot shows. Boxes are in pixels of the upright picture. */
export interface Look {
  /** Name of the model, by its manifest. */
  readonly model: string
  /** Of the upright picture. */
  readonly picture: Size
  /**
   * What counts: from the manifest's `report` on and, where there is a zone, whose foot (the middle of the
   * lower edge of its box) stands in it. Surest first.
   */
  readonly detections: readonly Detection[]
  /** What must be covered at rest: everything from the manifest's `redact` on, in the zone or not. */
  readonly toCover: readonly Detection[]
  /** Neither counted nor covered; empty unless it was asked for. */
  readonly unsure?: readonly Detection[]
  readonly camera: CameraLook
  readonly timings: { readonly decodeMs: number; readonly inferenceMs: number; readonly totalMs: number }
}

/** Looks at snapshots. One for the life of a process. */
export interface Eye {
  readonly manifest: Manifest
  /**
   * A JPEG or PNG, decoded once and looked at once. What the mask hides is black before the model looks.
   * Several looks may be under way: pictures are decoded on other threads while an inference, some 20 ms,
   * blocks this one. Throws PICTURE_UNREADABLE, PICTURE_TOO_LARGE or MODEL_OUTPUT_INVALID.
   */
  look(picture: Uint8Array, options?: LookOptions): Promise<Look>
  close(): Promise<void>
}

export interface EyeOptions {
  /** Of a model of objects; ours by default. */
  readonly manifestPath?: string
  /** Threads for one inference; 1 by default. */
  readonly threads?: number
}

/** Throws what openDetector throws. */
export async function openEye({ manifestPath, ...options }: EyeOptions = {}): Promise<Eye> {
  const detector = await openDetector(manifestPath, options)
  const { manifest } = detector
  const { report, redact } = manifest.thresholds
  return {
    manifest,
    async look(picture, { regions: { mask = [], zone, turned } = {}, minScore = redact } = {}) {
      const started = performance.now()
      const view = await detector.view(await openPicture(picture, turned))
      const decodeMs = performance.now() - started
      const { input, inner, left, top } = view.placement
      const pixels = { ...input, data: view.pixels }
      const within = { ...inner, left, top }
      // Before the mask is burned in: its edges would pass for a sharp picture.
      const camera = inspectCamera(view.pixels, view.placement, mask)
      burn(pixels, mask, within)
      const { detections, inferenceMs } = await detector.see(view, Math.min(minScore, redact))
      const toCover = detections.filter(({ score }) => score >= redact)
      return {
        model: manifest.name,
        picture: view.picture,
        detections: toCover.filter(
          detection =>
            detection.score >= report && (zone === undefined || standsIn(zone, detection, view.picture)),
        ),
        toCover,
        unsure: detections.filter(({ score }) => score < redact),
        camera,
        timings: { decodeMs, inferenceMs, totalMs: performance.now() - started },
      }
    },
    close: () => detector.close(),
  }
}

function standsIn(zone: Polygon, { box }: Detection, { width, height }: Size): boolean {
  return isInside(zone, (box.left + box.right) / 2 / width, box.bottom / height)
}
