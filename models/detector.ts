import type { ObjectKind } from '../core/words.ts'
import type { Box, Size } from './box.ts'
import type { Candidate } from './decode/candidate.ts'
import { suppress } from './decode/suppress.ts'
import { decoderOf, type Manifest } from './manifest.ts'
import { bundledModels, readModelFile } from './model-file.ts'
import { decodeInto, openPicture, type PictureFile } from './picture.ts'
import { chooseSize, type Placement, place, toPicture } from './placement.ts'
import { openSession, type SessionOptions } from './session.ts'

/** One thing in a picture. */
export interface Detection {
  readonly kind: ObjectKind
  /** 0 to 1: how sure the model is. */
  readonly score: number
  /** In pixels of the upright picture, within it. */
  readonly box: Box
}

export interface Seen {
  /** The size of the upright picture. */
  readonly picture: Size
  /** Surest first. */
  readonly detections: readonly Detection[]
  readonly timings: { readonly decodeMs: number; readonly inferenceMs: number; readonly totalMs: number }
}

/** A picture in the input of a model. */
export interface View {
  /** The size of the upright picture. */
  readonly picture: Size
  readonly placement: Placement
  /** RGB, as large as the input; owned by this view. */
  readonly pixels: Uint8Array
}

export interface Detector {
  readonly manifest: Manifest
  /** Decodes a JPEG or PNG, once and on another thread. Throws PICTURE_UNREADABLE or PICTURE_TOO_LARGE. */
  view(picture: Uint8Array | PictureFile): Promise<View>
  /**
   * Returns what it finds, from `minScore` on, surest first. Blocks the event loop for the inference, some 20 ms. Throws
   * MODEL_OUTPUT_INVALID.
   */
  see(
    view: View,
    minScore: number,
  ): Promise<{ readonly detections: readonly Detection[]; readonly inferenceMs: number }>
  /** Calls `view`, then `see`; `minScore` is the manifest's `report` by default. Throws what they throw. */
  detect(picture: Uint8Array | PictureFile, options?: { readonly minScore?: number }): Promise<Seen>
  close(): Promise<void>
}

/** Opens a model of objects by the path of its manifest. Throws what readModelFile and openSession throw. */
export async function openDetector(
  manifestPath: string = bundledModels.objects,
  options?: SessionOptions,
): Promise<Detector> {
  const session = await openSession(readModelFile(manifestPath), options)
  const { manifest } = session
  const detector: Detector = {
    manifest,
    async view(picture) {
      const file = picture instanceof Uint8Array ? await openPicture(picture) : picture
      const size: Size = { width: file.width, height: file.height }
      const placement = place(size, chooseSize(size, manifest.input.sizes), manifest.input)
      const pixels = await decodeInto(file, placement, manifest.input.fill)
      return { picture: size, placement, pixels }
    },
    async see({ placement, pixels }, minScore) {
      const { candidates, inferenceMs } = await session.run(pixels, placement.input, minScore)
      return { detections: toDetections(candidates, placement, manifest), inferenceMs }
    },
    async detect(picture, { minScore = manifest.thresholds.report } = {}) {
      const started = performance.now()
      const view = await detector.view(picture)
      const decodeMs = performance.now() - started
      const { detections, inferenceMs } = await detector.see(view, minScore)
      return {
        picture: view.picture,
        detections,
        timings: { decodeMs, inferenceMs, totalMs: performance.now() - started },
      }
    },
    close: () => session.close(),
  }
  return detector
}

/** A van may be found as a car and as a truck: only the surest of these is one vehicle. */
const fourWheelers: ReadonlySet<ObjectKind> = new Set(['car', 'bus', 'truck'])

/** Turns candidates into our words and into pixels of the picture, each thing once. */
export function toDetections(
  candidates: readonly Candidate[],
  placement: Placement,
  manifest: Manifest,
): Detection[] {
  const words = Object.entries(manifest.classes?.words ?? {}) as [ObjectKind, number[]][]
  const wordOf = new Map(words.flatMap(([word, indices]) => indices.map(index => [index, word] as const)))
  const named = candidates.map(({ classIndex, score, box }) => ({
    kind: wordOf.get(classIndex)!,
    score,
    box,
  }))
  return once(named, manifest).map(({ kind, score, box }) => ({
    kind,
    score,
    box: toPicture(box, placement),
  }))
}

function once(named: readonly Detection[], manifest: Manifest): Detection[] {
  const { overlap } = manifest.thresholds
  if (!decoderOf(manifest).overlapping) return named.toSorted((a, b) => b.score - a.score)
  const perKind = suppress(named, overlap, ({ kind }) => kind)
  return suppress(perKind, overlap, ({ kind }) => (fourWheelers.has(kind) ? 'four-wheeler' : undefined))
}
