import { type Box, heightOf, type Size, wholePixels, widthOf } from './box.ts'
import { type Face, headOf, type PersonFaces } from './cover.ts'
import { suppress } from './decode/suppress.ts'
import { draw } from './draw.ts'
import type { Manifest } from './manifest.ts'
import { bundledModels, readModelFile } from './model-file.ts'
import { cropInto, type Pixels } from './picture.ts'
import { chooseSize, type Placement, place, toPicture } from './placement.ts'
import { openSession, type SessionOptions } from './session.ts'

export interface FacesFound {
  /** Faces found on the whole picture: large ones. */
  readonly faces: readonly Face[]
  /** The faces of each person, in the order given. */
  readonly persons: readonly PersonFaces[]
  readonly totalMs: number
}

export interface FaceFinder {
  readonly manifest: Manifest
  /**
   * Looks at the whole picture, then at each person alone whose face was not found there. A look takes about 5 ms. Blocks
   * as a detector does.
   */
  find(pixels: Pixels, persons: readonly Box[]): Promise<FacesFound>
  close(): Promise<void>
}

export async function openFaceFinder(
  manifestPath: string = bundledModels.faces,
  options?: SessionOptions,
): Promise<FaceFinder> {
  const session = await openSession(readModelFile(manifestPath), options)
  const { manifest } = session
  const { input, thresholds } = manifest

  /** Places a part in the input size that fits it best. */
  function placed(part: Size): Placement {
    return place(part, chooseSize(part, input.sizes), input)
  }

  async function wholeOf(pixels: Pixels): Promise<Face[]> {
    const whole = { left: 0, top: 0, right: pixels.width, bottom: pixels.height }
    const placement = placed(pixels)
    return facesIn(await cropInto(pixels, whole, placement, input.fill), placement, whole)
  }

  async function closeUp(pixels: Pixels, person: Box): Promise<Face[]> {
    if (heightOf(headOf(person)) < leastHead) return []
    const region = wholePixels(person, pixels)
    const placement = placed({ width: widthOf(region), height: heightOf(region) })
    const { input: size, inner, left, top } = placement
    const sheet = { ...size, data: new Uint8Array(size.width * size.height * 3).fill(input.fill) }
    draw(pixels, region, sheet, { left, top, right: left + inner.width, bottom: top + inner.height })
    return facesIn(sheet.data, placement, region)
  }

  async function facesIn(sheet: Uint8Array, placement: Placement, region: Box): Promise<Face[]> {
    const { candidates } = await session.run(sheet, placement.input, thresholds.redact)
    return suppress(candidates, thresholds.overlap, () => 'face').map(({ score, box }) => {
      const within = toPicture(box, placement)
      return {
        score,
        sure: score >= thresholds.report,
        box: {
          left: within.left + region.left,
          top: within.top + region.top,
          right: within.right + region.left,
          bottom: within.bottom + region.top,
        },
      }
    })
  }

  return {
    manifest,
    async find(pixels, persons) {
      const started = performance.now()
      const faces = await wholeOf(pixels)
      const known = facesByPerson(faces, persons)
      const looks: PersonFaces[] = []
      for (const person of persons) {
        const face = known.get(person)
        looks.push({ person, faces: face === undefined ? await closeUp(pixels, person) : [face] })
      }
      return { faces, persons: looks, totalMs: performance.now() - started }
    },
    close: () => session.close(),
  }
}

/**
 * Pixels. In a lower head, eyes are less than about 5 pixels apart. Such a head is covered by its place: a look would
 * change little, and there are many in a crowd.
 */
const leastHead = 20

/**
 * Finds the person of each sure face: of those in whose head it lies, the one whose head's middle is nearest. Each person
 * gets one face at most.
 */
export function facesByPerson(faces: readonly Face[], persons: readonly Box[]): Map<Box, Face> {
  const known = new Map<Box, Face>()
  for (const face of faces.filter(({ sure }) => sure)) {
    const x = (face.box.left + face.box.right) / 2
    const y = (face.box.top + face.box.bottom) / 2
    const off = (head: Box) =>
      Math.hypot(x - (head.left + head.right) / 2, y - (head.top + head.bottom) / 2) / widthOf(head)
    const owner = persons
      .filter(person => !known.has(person) && contains(headOf(person), x, y))
      .toSorted((a, b) => off(headOf(a)) - off(headOf(b)))[0]
    if (owner !== undefined) known.set(owner, face)
  }
  return known
}

const contains = ({ left, top, right, bottom }: Box, x: number, y: number) =>
  x >= left && x <= right && y >= top && y <= bottom
