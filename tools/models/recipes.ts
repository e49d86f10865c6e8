import type { Recipe } from './convert.ts'

export interface ModelRecipe extends Recipe {
  /** File in the source package. */
  readonly source: string
  /** Written into the ONNX file, for anybody who opens it. */
  readonly licence: string
}

/** How each of our models is made; named like its manifest. */
export const recipes: Readonly<Record<string, ModelRecipe>> = {
  'nanodet-g': {
    source: 'nanodet.json',
    licence: 'Apache-2.0',
    anySize: true,
    // Trained on pictures as OpenCV reads them. With RGB / 255, which one port uses, it loses ten points of mAP.
    channels: 'bgr',
    normalisation: { mean: [103.53, 116.28, 123.675], std: [57.375, 57.12, 58.395] },
    // Strides 8, 16 and 32, in the order that the decoder expects.
    outputs: {
      scores: ['Identity', 'Identity_1', 'Identity_2'],
      distances: ['Identity_3', 'Identity_4', 'Identity_5'],
    },
  },
  'blazeface-back': {
    source: 'blazeface-back.json',
    licence: 'Apache-2.0',
    // Its anchors are for 256 × 256.
    anySize: false,
    channels: 'rgb',
    normalisation: { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] },
    outputs: { scores: ['Identity', 'Identity_1'], boxes: ['Identity_2', 'Identity_3'] },
  },
}
