/** Plain geometry: sizes and boxes in pixels, x to the right, y downwards. */
export interface Size {
  readonly width: number
  readonly height: number
}

export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export const widthOf = ({ left, right }: Box) => right - left
export const heightOf = ({ top, bottom }: Box) => bottom - top

export function areaOf(box: Box): number {
  return Math.max(0, widthOf(box)) * Math.max(0, heightOf(box))
}

export function intersectionOf(a: Box, b: Box): number {
  return areaOf({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  })
}

/** Intersection over union, 0 to 1. */
export function overlapOf(a: Box, b: Box): number {
  const shared = intersectionOf(a, b)
  return shared === 0 ? 0 : shared / (areaOf(a) + areaOf(b) - shared)
}

/** The part of a box that lies in the picture. */
export function clip({ left, top, right, bottom }: Box, { width, height }: Size): Box {
  const within = (value: number, limit: number) => Math.min(Math.max(value, 0), limit)
  return {
    left: within(left, width),
    top: within(top, height),
    right: within(right, width),
    bottom: within(bottom, height),
  }
}

export function grow({ left, top, right, bottom }: Box, x: number, y: number): Box {
  return { left: left - x, top: top - y, right: right + x, bottom: bottom + y }
}

export function boxAround(centreX: number, centreY: number, width: number, height: number): Box {
  return grow({ left: centreX, top: centreY, right: centreX, bottom: centreY }, width / 2, height / 2)
}

/** A region that can be cut out: whole pixels, at least one, within the picture. */
export function wholePixels(box: Box, picture: Size): Box {
  const left = Math.min(Math.floor(box.left), picture.width - 1)
  const top = Math.min(Math.floor(box.top), picture.height - 1)
  const outer = {
    left,
    top,
    right: Math.max(left + 1, Math.ceil(box.right)),
    bottom: Math.max(top + 1, Math.ceil(box.bottom)),
  }
  return clip(outer, picture)
}
