import type { Box, Size } from '../box.ts'

/** An output of a model: values in rows, as the shape says. */
export interface Output {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** One thing that a model believes to see, before overlaps are sorted out. Pixels of the model's input. */
export interface Candidate {
  /** Index of the class in the model. */
  readonly classIndex: number
  /** 0 to 1. */
  readonly score: number
  readonly box: Box
}

export interface DecodeOptions {
  /** Nothing below this score is worth a box. */
  readonly minScore: number
  /** Classes of the model that are asked for; the others are not even looked at. */
  readonly classes: readonly number[]
  /** Pixels of the input per cell, for each grid, in the order of the rows. */
  readonly strides: readonly number[]
  /** What is still to be done to scores. */
  readonly activation: 'none' | 'sigmoid' | 'softmax'
}

/** Outputs by the role that they have for a decoder. */
export type Outputs<Role extends string = string> = Readonly<Record<Role, Output>>
export type Shapes = Readonly<Record<string, readonly number[]>>

/** A way of reading a model's outputs. Pure; the same outputs give the same candidates. */
export interface Decoder<Role extends string = string> {
  readonly roles: readonly Role[]
  /** Whether it gives several boxes for one thing, so that overlaps have to be suppressed. */
  readonly overlapping: boolean
  /** How many classes these shapes tell apart, or what is wrong with them, in a few words. */
  classCount(
    shapes: Shapes,
    input: Size,
    options: Pick<DecodeOptions, 'strides' | 'activation'>,
  ): number | string
  decode(outputs: Outputs<Role>, input: Size, options: DecodeOptions): Candidate[]
}

/** Cells of all grids together: the rows that a model with these strides gives for an input. */
export function cellCount({ width, height }: Size, strides: readonly number[]): number {
  return strides.reduce((total, stride) => total + Math.ceil(width / stride) * Math.ceil(height / stride), 0)
}

export interface Cell {
  readonly row: number
  readonly column: number
  readonly stride: number
}

/** Which cell a row is: grids one after the other, each row by row. */
export function cellOf(row: number, { width, height }: Size, strides: readonly number[]): Cell {
  let rest = row
  for (const stride of strides) {
    const columns = Math.ceil(width / stride)
    const cells = columns * Math.ceil(height / stride)
    if (rest < cells) return { row: Math.floor(rest / columns), column: rest % columns, stride }
    rest -= cells
  }
  throw new RangeError(`row ${row} is beyond all grids`)
}

export function shapeText(shape: readonly number[] | undefined): string {
  return shape === undefined ? 'nothing' : `[${shape.join(', ')}]`
}

export const sigmoid = (value: number) => 1 / (1 + Math.exp(-value))
