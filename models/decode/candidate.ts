import type { Box, Size } from '../box.ts'

/** An output of a model: values in rows, as the shape says. */
export interface Output {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** One thing that a model finds, before overlaps are sorted out. In pixels of the model's input. */
export interface Candidate {
  /** Index of the class in the model. */
  readonly classIndex: number
  /** 0 to 1. */
  readonly score: number
  readonly box: Box
}

export interface DecodeOptions {
  /** Boxes with a lower score are left out. */
  readonly minScore: number
  /** Classes of the model that are asked for; the others are skipped. */
  readonly classes: readonly number[]
  /** Pixels of the input per cell, for each grid, in the order of the rows. */
  readonly strides: readonly number[]
  /** The activation that still has to be applied to scores. */
  readonly activation: 'none' | 'sigmoid' | 'softmax'
}

/** Outputs by their role for a decoder. */
export type Outputs<Role extends string = string> = Readonly<Record<Role, Output>>
export type Shapes = Readonly<Record<string, readonly number[]>>

/** A way of reading a model's outputs. Pure; the same outputs give the same candidates. */
export interface Decoder<Role extends string = string> {
  readonly roles: readonly Role[]
  /** True if it gives several boxes for one thing, so that overlaps have to be suppressed. */
  readonly overlapping: boolean
  /** The number of classes that these shapes tell apart, or in a few words what is wrong with the shapes. */
  classCount(
    shapes: Shapes,
    input: Size,
    options: Pick<DecodeOptions, 'strides' | 'activation'>,
  ): number | string
  decode(outputs: Outputs<Role>, input: Size, options: DecodeOptions): Candidate[]
}

/** The number of cells of all grids: the rows that a model with these strides gives for an input. */
export function cellCount({ width, height }: Size, strides: readonly number[]): number {
  return strides.reduce((total, stride) => total + Math.ceil(width / stride) * Math.ceil(height / stride), 0)
}

export interface Cell {
  readonly row: number
  readonly column: number
  readonly stride: number
}

/** The cell of a row: grids one after the other, each row by row. */
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
