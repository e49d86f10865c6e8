import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Turn, turns } from '../../core/turn.ts'
import { type Eye, openEye } from '../../models/eye.ts'
import {
  comparing,
  freshMount,
  type MountLook,
  type MountState,
  nextMount,
  wantsComparison,
} from '../../models/mount.ts'
import { sample } from './odd-pictures.ts'

const person = (width: number, height: number) => ({
  kind: 'person' as const,
  box: { left: 0, top: 0, right: width, bottom: height },
})
const upright: MountLook = { detections: [person(10, 30)] }
const wide: MountLook = { detections: [person(30, 10), person(30, 10), person(10, 30)] }
const empty: MountLook = { detections: [] }

/** The state after these pictures, and what was said last. */
function seeing(looks: readonly MountLook[], from: MountState = freshMount(0)) {
  let state = from
  let best: Turn | undefined
  for (const look of looks) {
    const next = nextMount(state, look)
    state = next.state
    best = next.best ?? best
  }
  return { state, best }
}
const times = (count: number, look: MountLook) => Array<MountLook>(count).fill(look)
const compared = (...turnSums: number[]): MountLook => ({ ...empty, turnSums })

describe('a picture is compared', () => {
  const cases = [
    [
      'after three on which nothing is found, and ten in all',
      [...times(3, empty), ...times(7, upright)],
      true,
    ],
    ['after three on which people mostly are wide', [...times(3, wide), ...times(7, upright)], true],
    ['not where people stand', times(50, upright), false],
    ['not before ten', times(9, empty), false],
    ['not after two odd ones', [...times(2, empty), ...times(40, upright)], false],
  ] as const
  test.each(cases)('%s', (_, looks, expected) => {
    expect(wantsComparison(seeing(looks).state)).toBe(expected)
  })

  test('alone of ten, also while it is under way', () => {
    const { state } = seeing(times(10, empty))
    expect(wantsComparison(comparing(state))).toBe(false)
    expect(wantsComparison(seeing(times(9, empty), comparing(state)).state)).toBe(false)
    expect(wantsComparison(seeing(times(10, empty), comparing(state)).state)).toBe(true)
  })
})

describe('a camera', () => {
  const cases = [
    ['is turned where one turn shows twice as much as any other', times(8, compared(0.5, 2, 0.4, 1)), 90],
    ['is upright where that shows most', times(8, compared(2, 0.5, 0.4, 1)), 0],
    ['is not judged by seven', times(7, compared(0, 2, 0, 0)), undefined],
    ['is not judged by pictures that show nothing at any turn', times(100, compared(0, 0, 0, 0)), undefined],
    ['is not judged where two turns show nearly as much', times(100, compared(0, 2, 0, 1.5)), undefined],
  ] as const
  test.each(cases)('%s', (_, looks, expected) => expect(seeing(looks).best).toBe(expected))

  test.each([
    ['judged', times(8, compared(2, 0, 0, 0))],
    ['undecided for long', times(24, compared(1, 1, 1, 1))],
  ])('that was %s is compared again after 200 pictures', (_, looks) => {
    const { state } = seeing(looks)
    expect(wantsComparison(seeing(times(199, empty), state).state)).toBe(false)
    expect(wantsComparison(seeing(times(200, empty), state).state)).toBe(true)
  })
})

describe('compared at four turns', () => {
  let eye: Eye
  beforeAll(async () => {
    eye = await openEye()
  })
  afterAll(() => eye.close())
  const sumsOf = async (picture: Buffer, turned: Turn = 0) => {
    const { turnSums } = await eye.look(picture, { regions: { turned }, compareTurns: true })
    return turnSums!
  }
  const turnedBy = (picture: Buffer, by: Turn) => sharp(picture).rotate(by).jpeg().toBuffer()

  test.each(turns)('a picture shows most at the turn that it stands upright at: %i', async turn => {
    const sums = await sumsOf(await turnedBy(sample('campus.jpg'), ((360 - turn) % 360) as Turn))
    expect(sums).toHaveLength(4)
    expect(turns[sums.indexOf(Math.max(...sums))]).toBe(turn)
  })

  test('the turn that is set counts as upright, and masks are turned along', async () => {
    const picture = await turnedBy(sample('campus.jpg'), 270)
    const sums = await sumsOf(picture, 90)
    expect(sums.indexOf(Math.max(...sums))).toBe(0)
    const mask = [[[0, 0], [1, 0], [1, 1], [0, 1]]] as const // biome-ignore format: corners
    const { turnSums } = await eye.look(picture, { regions: { mask }, compareTurns: true })
    expect(turnSums).toEqual([0, 0, 0, 0])
  })

  const directory = process.env.LINTEL_PICTURES ?? ''
  const there = existsSync(join(directory, 'annotations.json'))
  const title = there
    ? 'photographs of a camera that is turned tell by how much, and such as are upright tell nothing'
    : 'photographs tell how they are turned (set LINTEL_PICTURES to a directory of pictures with annotations.json)'
  test.skipIf(!there)(title, { timeout: 300_000 }, async () => {
    const list = JSON.parse(readFileSync(join(directory, 'annotations.json'), 'utf8')) as { file: string }[]
    const sums: (readonly number[])[] = []
    for (const { file } of list) sums.push(await sumsOf(readFileSync(join(directory, file))))
    for (const [mounted, turn] of turns.entries()) {
      // At a camera mounted so, that turn is as upright as 0 is of these.
      const looks = sums.map(sum => compared(...turns.map((_, index) => sum[(index + 4 - mounted) % 4]!)))
      expect(seeing(looks).best).toBe(turn)
    }
  })
})
