import { blazeface } from './blazeface.ts'
import type { Decoder } from './candidate.ts'
import { detr } from './detr.ts'
import { nanodet } from './nanodet.ts'
import { yolov8 } from './yolov8.ts'
import { yolox } from './yolox.ts'

/** The decoders of a model's outputs that a manifest may name. */
export const objectDecoders: Readonly<Record<string, Decoder>> = { nanodet, yolox, yolov8, detr }
export const faceDecoders: Readonly<Record<string, Decoder>> = { blazeface }
