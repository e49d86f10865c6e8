import type { ObjectKind } from '../core/words.ts'
import { type Box, clip, grow, heightOf, type Size, widthOf } from './box.ts'

/** The position of a face. Nothing here can tell whose it is. */
export interface Face {
  /** In pixels of the picture, from about the brow to the chin. */
  readonly box: Box
  /** 0 to 1. */
  readonly score: number
  /** Sure enough to need no closer look. Other faces are covered to be safe, but prove nothing. */
  readonly sure: boolean
}

/** A person, with the face that was found on the whole picture, or else the faces that a look at the person alone found. */
export interface PersonFaces {
  readonly person: Box
  readonly faces: readonly Face[]
}

/**
 * The margin that is covered around a face, in parts of the face's size: a face box ends at the chin, and less than a
 * quarter left one in fifteen chins visible.
 */
const margin = 0.3

/**
 * Pixels: a narrower face may be a pattern on a chest or a hood, however sure the finder is. Of 63 people of some 130
 * pixels it was sure of four such, and their heads were left visible.
 */
const leastTrusted = 64

/**
 * Regions that hide every face there may be: the faces found on the whole picture, those found on each person, and the
 * usual place of the head of a person without a face that is large, sure and where a head is. Of 50 annotated faces with
 * eyes at least 12, 5 to 12 and under 5 pixels apart such a rule covered 100, 96 and 80 %. A person who was not detected
 * is covered only by the faces of the whole picture: best effort.
 */
export function facesToCover(picture: Size, persons: readonly PersonFaces[], faces: readonly Face[]): Box[] {
  const found = [...new Set([...faces, ...persons.flatMap(person => person.faces)])].map(({ box }) => box)
  const heads = persons
    .filter(({ person, faces: own }) => !own.some(face => isTrusted(face, headOf(person))))
    .map(({ person }) => headOf(person))
  const enlarged = found.map(face => grow(face, widthOf(face) * margin, heightOf(face) * margin))
  return [...enlarged, ...heads].map(box => clip(box, picture))
}

function isTrusted({ sure, box }: Face, { left, top, right, bottom }: Box): boolean {
  const x = (box.left + box.right) / 2
  const y = (box.top + box.bottom) / 2
  return sure && widthOf(box) >= leastTrusted && x >= left && x <= right && y >= top && y <= bottom
}

/** The top of a person: a quarter of a standing person, more if only the upper part is visible. */
export function headOf(person: Box): Box {
  const height = heightOf(person)
  return {
    ...person,
    bottom: person.top + Math.max(height / 4, Math.min(0.6 * height, 0.8 * widthOf(person))),
  }
}

const withPlates: ReadonlySet<ObjectKind> = new Set(['car', 'bus', 'truck', 'motorcycle'])

/**
 * The part of a vehicle's height, from below. A third hides plates on bumpers, but not those on a boot, such as that of
 * `samples/car.jpg`, which begins at 46 % of the height; and boxes are not exact.
 */
const plateShare = 0.6

/** Until a model finds plates: the lower part of everything that carries one, and for a motorcycle the places of its plate. */
export function platesToCover(things: readonly Thing[]): Box[] {
  return things
    .filter(hasPlate)
    .flatMap(thing => (thing.kind === 'motorcycle' ? platesOfMotorcycle(thing) : [lowerPart(thing)]))
}

/**
 * Covering vehicles is not enough on the picture of a road: the eye takes a vehicle so near that only a part of it is
 * visible for a person, or does not see it. So the lower part of everything is covered, and if no vehicle was seen, the
 * whole picture.
 */
export function platesOnRoad(picture: Size, things: readonly Thing[]): Box[] {
  if (!things.some(hasPlate)) return [{ left: 0, top: 0, right: picture.width, bottom: picture.height }]
  return things.map(lowerPart)
}

interface Thing {
  readonly kind: ObjectKind
  readonly box: Box
}

const hasPlate = ({ kind }: Thing) => withPlates.has(kind)

/**
 * The picture of a motorcycle or an e-bike in a hall must still prove that it is one. Its plate is behind the saddle or
 * before the handlebar, above the axles: seen from the side at both ends, else somewhere across. Wheels, saddle and lamps
 * stay visible.
 */
function platesOfMotorcycle({ box }: Thing): Box[] {
  const [width, height] = [widthOf(box), heightOf(box)]
  const beyond = width * 0.05
  const band = {
    left: box.left - beyond,
    right: box.right + beyond,
    top: box.top + height * 0.25,
    bottom: box.top + height * 0.8,
  }
  if (width < height * 1.25) return [band]
  const end = width * 0.3
  return [
    { ...band, right: box.left + end },
    { ...band, left: box.right - end },
  ]
}

const lowerPart = ({ box }: Thing): Box => ({ ...box, top: box.bottom - heightOf(box) * plateShare })
