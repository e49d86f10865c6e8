import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { LintelError, messageOf } from '../../core/errors.ts'
import type { ObjectKind } from '../../core/words.ts'
import type { Box } from '../../models/box.ts'

/** COCO's 80 classes, contiguous: those that have a word of ours. */
const kinds = new Map<number, ObjectKind>([
  [0, 'person'],
  [1, 'bicycle'],
  [2, 'car'],
  [3, 'motorcycle'],
  [5, 'bus'],
  [7, 'truck'],
  [16, 'dog'],
  [28, 'suitcase'],
])

const Point = Type.Tuple([Type.Number(), Type.Number()])

/** `annotations.json` beside the pictures. */
const FileSchema = Type.Array(
  Type.Object({
    file: Type.String({ pattern: '^[^/\\\\]+$' }),
    width: Type.Integer({ minimum: 1 }),
    height: Type.Integer({ minimum: 1 }),
    objects: Type.Array(
      Type.Object({
        class: Type.Integer({ minimum: 0, maximum: 79 }),
        /** left, top, right, bottom in pixels */
        box: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()]),
        /** A box around many that were not annotated one by one. */
        crowd: Type.Optional(Type.Boolean()),
      }),
    ),
    faces: Type.Optional(Type.Array(Type.Object({ nose: Point, leftEye: Point, rightEye: Point }))),
  }),
  { minItems: 1 },
)

export type AnnotatedFace = NonNullable<Static<typeof FileSchema>[number]['faces']>[number]

export interface Annotation {
  readonly kind: ObjectKind
  readonly box: Box
  readonly crowd: boolean
}

export interface AnnotatedPicture {
  readonly bytes: Uint8Array
  readonly annotations: readonly Annotation[]
  readonly faces: readonly AnnotatedFace[]
}

/** Throws CONFIG_INVALID if the directory is none of these. */
export function readAnnotated(directory: string): AnnotatedPicture[] {
  return readFile(directory).map(({ file, objects, faces = [] }) => ({
    bytes: readFileSync(join(directory, file)),
    annotations: objects.flatMap(({ class: index, box: [left, top, right, bottom], crowd = false }) => {
      const kind = kinds.get(index)
      return kind === undefined ? [] : [{ kind, box: { left, top, right, bottom }, crowd }]
    }),
    faces,
  }))
}

function readFile(directory: string): Static<typeof FileSchema> {
  const path = join(directory, 'annotations.json')
  try {
    return Value.Parse(FileSchema, JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    throw new LintelError('CONFIG_INVALID', `${path}: ${messageOf(error)}`)
  }
}
