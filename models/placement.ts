import { type Box, clip, type Size } from './box.ts'

/** The position of a picture in the input of a model, for the way there and back. */
export interface Placement {
  readonly picture: Size
  readonly input: Size
  /** The size of the picture within the input, in whole pixels; the rest is filled. */
  readonly inner: Size
  readonly left: number
  readonly top: number
}

export interface Fit {
  readonly fit: 'letterbox' | 'stretch'
  readonly anchor: 'centre' | 'top-left'
}

/**
 * Chooses the size of a model whose shape is nearest to the picture's. Squeezing a picture into another shape costs
 * accuracy: 16:9 in a square has 21.0 mAP, at 512 × 288 26.3.
 */
export function chooseSize<S extends Size>(picture: Size, sizes: readonly S[]): S {
  const stretch = ({ width, height }: Size) =>
    Math.abs(Math.log(width / height / (picture.width / picture.height)))
  return sizes.reduce((best, size) => (stretch(size) < stretch(best) ? size : best))
}

export function place(picture: Size, input: Size, { fit, anchor }: Fit): Placement {
  if (fit === 'stretch') return { picture, input, inner: input, left: 0, top: 0 }
  const scale = Math.min(input.width / picture.width, input.height / picture.height)
  const inner = {
    width: Math.min(input.width, Math.max(1, Math.round(picture.width * scale))),
    height: Math.min(input.height, Math.max(1, Math.round(picture.height * scale))),
  }
  const margin = (total: number, used: number) => (anchor === 'centre' ? Math.floor((total - used) / 2) : 0)
  return {
    picture,
    input,
    inner,
    left: margin(input.width, inner.width),
    top: margin(input.height, inner.height),
  }
}

/** Turns a box in the input into a box in the picture, cut at its edges. */
export function toPicture(box: Box, { picture, inner, left, top }: Placement): Box {
  const x = picture.width / inner.width
  const y = picture.height / inner.height
  return clip(
    {
      left: (box.left - left) * x,
      top: (box.top - top) * y,
      right: (box.right - left) * x,
      bottom: (box.bottom - top) * y,
    },
    picture,
  )
}
