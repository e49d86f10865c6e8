import type { Polygon } from '../config/regions.ts'
import type { Size } from './box.ts'
import type { Pixels } from './picture.ts'

/** The place of a picture in the pixels that it was drawn into; by default all of them. */
export interface Inner extends Size {
  readonly left: number
  readonly top: number
}

const channels = 3

/** Blackens polygons in RGB pixels, in place. */
export function burn(
  { data, width, height }: Pixels,
  polygons: readonly Polygon[],
  inner: Inner = { left: 0, top: 0, width, height },
): void {
  eachSpan(polygons, inner, (row, from, to) => {
    const start = (row + inner.top) * width + inner.left
    data.fill(0, (start + from) * channels, (start + to) * channels)
  })
}

/**
 * Visits the pixels of each row that lie in a polygon (even-odd at the middle of the row), from `from` to before `to`. A
 * pixel that is only touched counts: it is better if a mask hides too much.
 */
export function eachSpan(
  polygons: readonly Polygon[],
  { width, height }: Size,
  visit: (row: number, from: number, to: number) => void,
): void {
  for (const polygon of polygons) {
    for (let row = 0; row < height; row++) {
      const crossings = crossingsAt(polygon, (row + 0.5) / height)
      for (let index = 0; index + 1 < crossings.length; index += 2) {
        const from = Math.max(0, Math.floor(crossings[index]! * width))
        const to = Math.min(width, Math.ceil(crossings[index + 1]! * width))
        if (from < to) visit(row, from, to)
      }
    }
  }
}

/** The points at which the edges of a polygon cross a horizontal line, from left to right. */
function crossingsAt(polygon: Polygon, y: number): number[] {
  const crossings: number[] = []
  for (let index = 0; index < polygon.length; index++) {
    const [x1, y1] = polygon[index]!
    const [x2, y2] = polygon[(index + 1) % polygon.length]!
    if (y1 > y !== y2 > y) crossings.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1))
  }
  return crossings.sort((a, b) => a - b)
}
