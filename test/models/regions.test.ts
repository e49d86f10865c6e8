import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { faultOfRegions, isInside, type Polygon } from '../../config/regions.ts'
import { burn } from '../../models/burn.ts'

const square: Polygon = [
  [0.25, 0.25],
  [0.75, 0.25],
  [0.75, 0.75],
  [0.25, 0.75],
]
const thousandth = fc.integer({ min: 0, max: 1000 }).map(value => value / 1000)
const corner = fc.tuple(thousandth, thousandth)
const polygon = fc.array(corner, { minLength: 3, maxLength: 8 })

describe('regions are', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => [index % 2, index / count])
  const cases: { title: string; value: unknown; fault?: string }[] = [
    { title: 'none', value: {} },
    { title: 'a mask and a zone', value: { mask: [square, square], zone: square } },
    { title: 'a turn', value: { turned: 270 } },
    {
      title: 'not a turn by half a quarter',
      value: { turned: 45 },
      fault: 'turned must be equal to one of the allowed values',
    },
    { title: 'a polygon of 64 corners', value: { zone: many(64) } },
    { title: 'not of 65', value: { zone: many(65) }, fault: 'zone must not have more than 64 items' },
    {
      title: 'not a line',
      value: { zone: square.slice(0, 2) },
      fault: 'zone must not have fewer than 3 items',
    },
    { title: 'not in pixels', value: { mask: [[...square, [640, 0.5]]] }, fault: 'mask.0.4.0 must be <= 1' },
    { title: 'not of other members', value: { mask: [], area: square }, fault: 'regions: unknown key area' },
    {
      title: 'not 17 masks',
      value: { mask: Array(17).fill(square) },
      fault: 'mask must not have more than 16 items',
    },
    { title: 'not a text', value: 'all', fault: 'regions must be object' },
    {
      title: 'not flat, which would count nobody',
      value: { zone: [[0, 0], [0.5, 0.5], [1, 1]] }, // biome-ignore format: three corners
      fault: 'zone encloses nothing',
    },
    {
      title: 'not a mask of one point',
      value: { mask: [square, [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]] }, // biome-ignore format: three corners
      fault: 'mask.1 encloses nothing',
    },
  ]
  for (const { title, value, fault } of cases) {
    test(title, () => expect(faultOfRegions(value)).toBe(fault))
  }
})

test('regions are as docs/models.md shows them', () => {
  const page = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8')
  const [, text] = /```json\n(\{\s+"mask"[\s\S]*?)```/.exec(page)!
  expect(faultOfRegions(JSON.parse(text!))).toBeUndefined()
})

describe('a point is inside', () => {
  test('a triangle exactly if it is a mixture of its corners', () => {
    const weight = fc.double({ min: 0.01, max: 1, noNaN: true })
    fc.assert(
      fc.property(corner, corner, corner, weight, weight, weight, (a, b, c, p, q, r) => {
        const area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        fc.pre(Math.abs(area) > 0.01)
        const at = (p: number, q: number, r: number) =>
          [0, 1].map(i => (p * a[i]! + q * b[i]! + r * c[i]!) / (p + q + r)) as [number, number]
        expect(isInside([a, b, c], ...at(p, q, r))).toBe(true)
        expect(isInside([a, b, c], ...at(-p, q + p, r + p))).toBe(false)
      }),
    )
  })

  test('wherever the polygon begins, and whichever way round it goes', () => {
    fc.assert(
      fc.property(polygon, corner, fc.nat(7), (corners, [x, y], turn) => {
        const turned = [...corners.slice(turn), ...corners.slice(0, turn)]
        expect(isInside(turned, x, y)).toBe(isInside(corners, x, y))
        // The other way round, rounding may differ on an edge.
        fc.pre(isInside(corners, x + 1e-9, y) === isInside(corners, x - 1e-9, y))
        expect(isInside(corners.toReversed(), x, y)).toBe(isInside(corners, x, y))
      }),
    )
  })

  test('not where a polygon covers itself twice', () => {
    const star: Polygon = [[0.5, 0], [0.8, 1], [0, 0.4], [1, 0.4], [0.2, 1]] // biome-ignore format: a star
    expect(isInside(star, 0.5, 0.2)).toBe(true)
    expect(isInside(star, 0.5, 0.5)).toBe(false)
  })
})

describe('a mask', () => {
  test('blackens every pixel whose middle is inside, and nothing beside the polygon', () => {
    const [width, height] = [40, 30]
    fc.assert(
      fc.property(polygon, corners => {
        const pixels = { width, height, data: new Uint8Array(width * height * 3).fill(255) }
        burn(pixels, [corners])
        const xs = corners.map(([x]) => x * width)
        const ys = corners.map(([, y]) => y * height)
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const value = pixels.data[(y * width + x) * 3]
            if (isInside(corners, (x + 0.5) / width, (y + 0.5) / height)) expect(value).toBe(0)
            const beside =
              x + 1 < Math.min(...xs) || x > Math.max(...xs) || y + 1 < Math.min(...ys) || y > Math.max(...ys)
            if (beside) expect(value).toBe(255)
          }
        }
      }),
      { numRuns: 40 },
    )
  })

  test('leaves the border of a letterbox alone', () => {
    const pixels = { width: 8, height: 8, data: new Uint8Array(8 * 8 * 3).fill(9) }
    const all: Polygon = [[0, 0], [1, 0], [1, 1], [0, 1]] // biome-ignore format: a square
    burn(pixels, [all], { left: 0, top: 2, width: 8, height: 4 })
    const rows = Array.from({ length: 8 }, (_, row) => pixels.data.subarray(row * 24, (row + 1) * 24))
    expect(rows.map(row => [...new Set(row)])).toEqual([[9], [9], [0], [0], [0], [0], [9], [9]])
  })
})
