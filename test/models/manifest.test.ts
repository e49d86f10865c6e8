import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codeOf, messageOf } from '../../core/errors.ts'
import { openDetector } from '../../models/detector.ts'
import { parseManifest } from '../../models/manifest.ts'
import { bundledModels, readModelFile } from '../../models/model-file.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { tinyManifest, writeNaN, writeTiny } from './tiny-model.ts'

const sha256 = '0'.repeat(64)
const valid = { ...tinyManifest, sha256 }
const { input, classes } = tinyManifest

describe('a manifest', () => {
  test('gets its defaults', () => {
    expect(parseManifest(valid)).toMatchObject({
      strides: [8, 16, 32],
      activation: 'none',
      input: { fit: 'letterbox', anchor: 'centre', fill: 0, mean: [0, 0, 0], std: [1, 1, 1] },
    })
  })

  test('is as docs/models.md shows it', () => {
    const page = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8')
    const [shown] = [...page.matchAll(/```json\n([\s\S]*?)```/g)]
      .map(([, text]) => JSON.parse(text!) as object)
      .filter(value => 'decoder' in value)
    expect(parseManifest({ ...shown, sha256 }).decoder).toBe('yolox')
  })

  const refusals = [
    { title: 'no object', value: 7, code: 'MODEL_MANIFEST_INVALID', says: /manifest must be object/ },
    {
      title: 'a member missing',
      value: { ...valid, licence: undefined },
      code: 'MODEL_MANIFEST_INVALID',
      says: /licence/,
    },
    {
      title: 'an unknown member',
      value: { ...valid, sizes: [] },
      code: 'MODEL_MANIFEST_INVALID',
      says: /unknown key sizes/,
    },
    {
      title: 'a path out of its directory',
      value: { ...valid, file: '../x.onnx' },
      code: 'MODEL_MANIFEST_INVALID',
      says: /^file /,
    },
    {
      title: 'a layout that there is not',
      value: { ...valid, input: { ...input, layout: 'chw' } },
      code: 'MODEL_MANIFEST_INVALID',
      says: /input.layout must be one of nhwc, nchw/,
    },
    {
      title: 'a division by nothing',
      value: { ...valid, input: { ...input, std: [1, 0, 1] } },
      code: 'MODEL_MANIFEST_INVALID',
      says: /input.std.1/,
    },
    {
      title: 'an unknown decoder',
      value: { ...valid, decoder: 'yolo9000' },
      code: 'MODEL_DECODER_UNKNOWN',
      says: /"yolo9000".*nanodet, yolox, yolov8, detr/,
    },
    {
      title: 'a decoder of another task',
      value: { ...valid, decoder: 'blazeface' },
      code: 'MODEL_DECODER_UNKNOWN',
      says: /none for objects/,
    },
    {
      title: 'a decoder named as a member of every object',
      value: { ...valid, decoder: 'toString' },
      code: 'MODEL_DECODER_UNKNOWN',
      says: /toString/,
    },
    {
      title: 'outputs of another decoder',
      value: { ...valid, outputs: { predictions: 'x' } },
      code: 'MODEL_MANIFEST_INVALID',
      says: /detr wants scores and boxes, not predictions/,
    },
    {
      title: 'no classes',
      value: { ...valid, classes: undefined },
      code: 'MODEL_CLASSES_WRONG',
      says: /needs them/,
    },
    {
      title: 'a word that is not ours',
      value: { ...valid, classes: { ...classes, words: { person: [0], cat: [1] } } },
      code: 'MODEL_CLASSES_WRONG',
      says: /"cat" is not one of person/,
    },
    {
      title: 'a class beyond the last',
      value: { ...valid, classes: { ...classes, words: { person: [3] } } },
      code: 'MODEL_CLASSES_WRONG',
      says: /person is 3, but there are 3: 0 to 2/,
    },
    {
      title: 'a class with two words',
      value: { ...valid, classes: { ...classes, words: { person: [0], dog: [0] } } },
      code: 'MODEL_CLASSES_WRONG',
      says: /0 is both person and dog/,
    },
    {
      title: 'no person',
      value: { ...valid, classes: { ...classes, words: { car: [2] } } },
      code: 'MODEL_CLASSES_WRONG',
      says: /no person/,
    },
  ]
  for (const { title, value, code, says } of refusals) {
    test(`with ${title} is refused in one line`, () => expectRefusal(() => parseManifest(value), code, says))
  }
})

describe('a model file', () => {
  test('of ours is what its manifest says', () => {
    expect(readModelFile(bundledModels.objects).manifest.name).toBe('nanodet-g')
    expect(readModelFile(bundledModels.faces).manifest.name).toBe('blazeface-back')
  })

  test('that was changed is refused', async () => {
    const directory = await temporaryDirectory()
    const path = writeTiny(directory, { sha256 })
    await expectRefusal(() => openDetector(path), 'MODEL_HASH_WRONG', /its manifest says 000/)
  })

  test('that is not there is refused, and so is a manifest that is not', async () => {
    const directory = await temporaryDirectory()
    const path = writeTiny(directory)
    rmSync(join(directory, 'tiny.onnx'))
    await expectRefusal(() => openDetector(path), 'MODEL_FILE_MISSING', /the model cannot be read/)
    await expectRefusal(
      () => openDetector(join(directory, 'other.json')),
      'MODEL_FILE_MISSING',
      /the manifest cannot be read/,
    )
  })

  test('whose manifest is not JSON is refused', async () => {
    const path = join(await temporaryDirectory(), 'tiny.json')
    writeFileSync(path, 'name: tiny')
    await expectRefusal(() => openDetector(path), 'MODEL_MANIFEST_INVALID', /is not JSON/)
  })

  test('that is no ONNX is refused', async () => {
    const path = writeTiny(await temporaryDirectory(), {}, Buffer.from('this is no model'))
    await expectRefusal(() => openDetector(path), 'MODEL_UNREADABLE', /cannot load it/)
  })

  test('that answers no numbers is refused', async () => {
    await expectRefusal(
      async () => openDetector(writeNaN(await temporaryDirectory())),
      'MODEL_OUTPUT_INVALID',
      /is not finite/,
    )
  })

  const shapes = [
    {
      title: 'an input of another name',
      change: { input: { ...input, name: 'images' } },
      code: 'MODEL_SHAPE_WRONG',
      says: /no input "images", but image/,
    },
    {
      title: 'an input of another type',
      change: { input: { ...input, type: 'uint8' } },
      code: 'MODEL_SHAPE_WRONG',
      says: /is float32, its manifest says uint8/,
    },
    {
      title: 'an input of another layout',
      change: { input: { ...input, layout: 'nhwc' } },
      code: 'MODEL_SHAPE_WRONG',
      says: /\[1, 3, 64, 64\].*\[1, 64, 64, 3\]/,
    },
    {
      title: 'an input of another size',
      change: { input: { ...input, sizes: [{ width: 96, height: 64 }] } },
      code: 'MODEL_SHAPE_WRONG',
      says: /asks for \[1, 3, 64, 96\]/,
    },
    {
      title: 'an output of another name',
      change: { outputs: { scores: 'scores', boxes: 'rects' } },
      code: 'MODEL_SHAPE_WRONG',
      says: /no output rects, but scores, boxes/,
    },
    {
      title: 'outputs the other way round',
      change: { outputs: { scores: 'boxes', boxes: 'scores' } },
      code: 'MODEL_SHAPE_WRONG',
      says: /boxes are \[1, 1, 3\]/,
    },
    {
      title: 'another number of classes',
      change: { classes: { ...classes, count: 80 } },
      code: 'MODEL_CLASSES_WRONG',
      says: /tells 3 classes apart, its manifest 80/,
    },
  ]
  for (const { title, change, code, says } of shapes) {
    test(`with ${title} than its manifest says is refused in one line`, async () => {
      const path = writeTiny(await temporaryDirectory(), change)
      await expectRefusal(() => openDetector(path), code, says)
    })
  }

  test("of somebody's own runs by its manifest alone", async () => {
    const detector = await openDetector(writeTiny(await temporaryDirectory()))
    const { detections, picture } = await detector.detect(
      readFileSync(new URL('../../models/samples/portrait.jpg', import.meta.url)),
    )
    await detector.close()
    expect(picture).toEqual({ width: 512, height: 512 })
    expect(detections).toEqual([
      { kind: 'car', score: expect.closeTo(0.9), box: { left: 128, top: 192, right: 384, bottom: 320 } },
    ])
  })
})

async function expectRefusal(act: () => unknown, code: string, says: RegExp): Promise<void> {
  const error = await Promise.resolve()
    .then(act)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    )
  expect(codeOf(error), messageOf(error)).toBe(code)
  expect(messageOf(error)).toMatch(says)
  expect(messageOf(error)).not.toContain('\n')
}
