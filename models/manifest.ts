import { readFileSync } from 'node:fs'
import Type, { type Static, type TProperties } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { LintelError, messageOf } from '../core/errors.ts'
import { objectKinds } from '../core/words.ts'
import { faceDecoders, objectDecoders } from './decode/decoders.ts'

const section = <P extends TProperties>(properties: P, description: string) =>
  Type.Object(properties, { additionalProperties: false, description })
const line = (description: string) => Type.String({ minLength: 1, maxLength: 500, description })
const score = (description: string) => Type.Number({ minimum: 0.01, maximum: 1, description })
const pixels = Type.Integer({ minimum: 32, maximum: 4096 })
const perChannel = (description: string, fallback: number[], minimum?: number) =>
  Type.Array(Type.Number(minimum === undefined ? {} : { minimum }), {
    minItems: 3,
    maxItems: 3,
    default: fallback,
    description,
  })

/** Everything that Lintel must know about a model in order to run it. The file lies beside the ONNX file. */
export const ManifestSchema = section(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{0,63}$', description: 'Stands in every sighting.' }),
    task: Type.Enum(['objects', 'faces'], { description: 'What it finds.' }),
    file: Type.String({
      pattern: '^[A-Za-z0-9._-]+\\.onnx$',
      description: 'The ONNX file, in the same directory.',
    }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Of the ONNX file.' }),
    licence: line('SPDX expression of the weights.'),
    origin: line('Where the weights come from.'),
    input: section(
      {
        name: line('Name of the input in the graph.'),
        type: Type.Enum(['uint8', 'float32']),
        layout: Type.Enum(['nhwc', 'nchw']),
        channels: Type.Enum(['rgb', 'bgr'], { default: 'rgb' }),
        mean: perChannel('Taken off each channel, of 0..255 and in the order of `channels`.', [0, 0, 0]),
        std: perChannel('Then divided by this.', [1, 1, 1], 1e-6),
        sizes: Type.Array(Type.Object({ width: pixels, height: pixels }, { additionalProperties: false }), {
          minItems: 1,
          maxItems: 8,
          description: 'The one nearest in shape to the picture is used.',
        }),
        fit: Type.Enum(['letterbox', 'stretch'], { default: 'letterbox' }),
        anchor: Type.Enum(['centre', 'top-left'], {
          default: 'centre',
          description: 'Where a letterbox puts the picture.',
        }),
        fill: Type.Integer({ minimum: 0, maximum: 255, default: 0, description: 'Grey of the rest.' }),
      },
      'How a picture becomes the input.',
    ),
    decoder: line('How the outputs are read: see models/decode.'),
    outputs: Type.Record(Type.String(), line('Name of the output in the graph.'), {
      description: "Which output has which of the decoder's roles.",
    }),
    strides: Type.Array(Type.Integer({ minimum: 1, maximum: 256 }), {
      minItems: 1,
      maxItems: 8,
      default: [8, 16, 32],
      description: 'Pixels per cell of each grid.',
    }),
    activation: Type.Enum(['none', 'sigmoid', 'softmax'], {
      default: 'none',
      description: 'Still to be done to scores (detr).',
    }),
    classes: Type.Optional(
      section(
        {
          count: Type.Integer({
            minimum: 1,
            maximum: 100_000,
            description: 'How many the model tells apart.',
          }),
          words: Type.Record(Type.String(), Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1 }), {
            description: `Our words (${objectKinds.join(', ')}), and the model's indices for each.`,
          }),
        },
        'Objects only.',
      ),
    ),
    thresholds: section(
      {
        report: score('Least score that counts.'),
        redact: score('Least score that is covered: a face too many does no harm.'),
        overlap: score('Boxes of one kind that overlap more are one thing.'),
      },
      'Working points.',
    ),
  },
  'A model',
)

export type Manifest = Static<typeof ManifestSchema>

const validator = Compile(ManifestSchema)

/** Fills in defaults. Throws MODEL_MANIFEST_INVALID, MODEL_DECODER_UNKNOWN or MODEL_CLASSES_WRONG, in one line. */
export function parseManifest(value: unknown): Manifest {
  const filled = Value.Default(ManifestSchema, structuredClone(value)) as unknown
  if (!validator.Check(filled)) throw new LintelError('MODEL_MANIFEST_INVALID', firstProblem(filled))
  const manifest = filled as Manifest
  checkDecoder(manifest)
  if (manifest.task === 'objects') checkWords(manifest)
  return manifest
}

/** Reads a file for parseManifest. A missing file is MODEL_FILE_MISSING, one that is not JSON MODEL_MANIFEST_INVALID. */
export function readManifest(path: string): Manifest {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new LintelError('MODEL_FILE_MISSING', `the manifest cannot be read: ${messageOf(error)}`)
  }
  try {
    return parseManifest(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new LintelError('MODEL_MANIFEST_INVALID', `${path} is not JSON: ${error.message}`)
    throw error
  }
}

export function decoderOf({ task, decoder }: Manifest) {
  const known = task === 'objects' ? objectDecoders : faceDecoders
  if (!Object.hasOwn(known, decoder)) {
    throw new LintelError(
      'MODEL_DECODER_UNKNOWN',
      `decoder "${decoder}" is none for ${task}; there are ${Object.keys(known).join(', ')}`,
    )
  }
  return known[decoder]!
}

function checkDecoder(manifest: Manifest): void {
  const { roles } = decoderOf(manifest)
  const given = Object.keys(manifest.outputs)
  if (String(given.toSorted()) !== String(roles.toSorted())) {
    throw new LintelError(
      'MODEL_MANIFEST_INVALID',
      `outputs: the decoder ${manifest.decoder} wants ${roles.join(' and ')}, not ${given.join(', ') || 'nothing'}`,
    )
  }
}

function checkWords({ classes }: Manifest): void {
  const wrong = (reason: string) => new LintelError('MODEL_CLASSES_WRONG', `classes: ${reason}`)
  if (classes === undefined) throw wrong('a model of objects needs them')
  const owners = new Map<number, string>()
  for (const [word, indices] of Object.entries(classes.words)) {
    if (!(objectKinds as readonly string[]).includes(word))
      throw wrong(`"${word}" is not one of ${objectKinds.join(', ')}`)
    for (const index of indices) {
      if (index >= classes.count)
        throw wrong(`${word} is ${index}, but there are ${classes.count}: 0 to ${classes.count - 1}`)
      if (owners.has(index)) throw wrong(`${index} is both ${owners.get(index)} and ${word}`)
      owners.set(index, word)
    }
  }
  if (!Object.hasOwn(classes.words, 'person')) throw wrong('no person: faces could not be covered')
}

function firstProblem(value: unknown): string {
  const { instancePath, params, message } = validator
    .Errors(value)
    .find(({ keyword }) => keyword !== 'boolean')!
  const where = instancePath.slice(1).replaceAll('/', '.') || 'the manifest'
  const { additionalProperties, requiredProperties, allowedValues } = params as Record<
    string,
    unknown[] | undefined
  >
  if (additionalProperties) return `${where}: unknown key ${additionalProperties.join(', ')}`
  if (requiredProperties) return `${where} lacks ${requiredProperties.join(', ')}`
  if (allowedValues) return `${where} must be one of ${allowedValues.join(', ')}`
  return `${where} ${message}`
}
