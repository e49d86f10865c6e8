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
  /** Of the upright picture. */
  readonly picture: Size
  /** Surest first. */
  readonly detections: readonly Detection[]
  readonly timings: { readonly decodeMs: number; readonly inferenceMs: number; readonly totalMs: number }
}

export interface Detector {
  readonly manifest: Manifest
  /**
   * What is to be seen on a JPEG or PNG, from `minScore` on (the manifest's `report` by default; ask for its
   * `redact` and count what reaches `report`, and one run serves both). Blocks the event loop for the
   * inference, some 20 ms. Throws PICTURE_UNREADABLE, PICTURE_TOO_LARGE or MODEL_OUTPUT_INVALID.
   */
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
  return {
    manifest,
    async detect(picture, { minScore = manifest.thresholds.report } = {}) {
      const started = performance.now()
      const file = picture instanceof Uint8Array ? await openPicture(picture) : picture
      const size = chooseSize(file, manifest.input.sizes)
      const placement = place(file, size, manifest.input)
      const pixels = await decodeInto(file, placement, manifest.input.fill)
      const decodeMs = performance.now() - started
      const { candidates, inferenceMs } = await session.run(pixels, size, minScore)
      const detections = toDetections(candidates, placement, manifest)
      return {
        picture: { width: file.width, height: file.height },
        detections,
        timings: { decodeMs, inferenceMs, totalMs: performance.now() - started },
      }
    },
    close: () => session.close(),
  }
}

/** A van is a car to one class and a truck to the next: of these only the surest is one vehicle. */
const fourWheelers: ReadonlySet<ObjectKind> = new Set(['car', 'bus', 'truck'])

/** Candidates in our words and in pixels of the picture, each thing once. */
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
