import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CameraLook, type CameraState, inspectCamera, nextCamera } from '../../models/camera.ts'
import { type Detector, openDetector } from '../../models/detector.ts'
import { covered, defocused, lit, noisy, reencoded, stamped } from './altered.ts'
import { sample } from './odd-pictures.ts'

const names = ['campus.jpg', 'car.jpg', 'motorcycle.jpg', 'portrait.jpg'] as const
const campus = sample('campus.jpg')

let detector: Detector
beforeAll(async () => {
  detector = await openDetector()
})
afterAll(() => detector.close())

async function look(picture: Uint8Array): Promise<CameraLook> {
  const { pixels, placement } = await detector.view(picture)
  return inspectCamera(pixels, placement)
}

describe('a camera', () => {
  const cases: { title: string; fault?: string; alter: (picture: Buffer) => Promise<Buffer> | Buffer }[] = [
    { title: 'as it is', alter: picture => picture },
    { title: 'at a quarter of the light', alter: picture => lit(picture, 0.25) },
    { title: 'at a fiftieth of the light', alter: picture => lit(picture, 0.02), fault: 'dark' },
    {
      title: 'at a fiftieth of the light, with a clock',
      alter: async picture => stamped(await lit(picture, 0.02), 1),
      fault: 'dark',
    },
    { title: 'at half as much light again', alter: picture => lit(picture, 1.5) },
    { title: 'blinded', alter: picture => lit(picture, 6, 235), fault: 'bright' },
    { title: 'slightly out of focus', alter: picture => defocused(picture, 0.002) },
    { title: 'out of focus', alter: picture => defocused(picture, 0.012), fault: 'blurred' },
    {
      title: 'out of focus, with a sharp clock',
      alter: async picture => stamped(await defocused(picture, 0.012), 1),
      fault: 'blurred',
    },
    { title: 'far out of focus', alter: picture => defocused(picture, 0.025), fault: 'blurred' },
    { title: 'with much noise', alter: picture => noisy(picture, 10, 1) },
    { title: 'badly compressed', alter: picture => reencoded(picture, 30) },
    { title: 'with a clock', alter: picture => stamped(picture, 1) },
  ]
  for (const { title, fault, alter } of cases) {
    test(`${title} is ${fault ?? 'fine'}`, async () => {
      for (const name of names) {
        const { faults } = await look(await alter(sample(name)))
        expect(faults, name).toEqual(fault === undefined ? [] : [fault])
      }
    })
  }

  const covers = [
    { title: 'a hand', colour: [150, 110, 95], slope: 0.4 },
    { title: 'a hand in the shade', colour: [90, 60, 50], slope: 1 },
    { title: 'black tape', colour: [40, 40, 42], slope: 0.1 },
    { title: 'white paint', colour: [205, 205, 200], slope: 0.05 },
  ] as const
  for (const { title, colour, slope } of covers) {
    test(`behind ${title} is covered, also with a clock`, async () => {
      const picture = await covered(colour, slope)
      expect((await look(picture)).faults).toEqual(['covered'])
      expect((await look(await stamped(picture, 1))).faults).toEqual(['covered'])
    })
  }

  test('is judged by what the mask leaves, whose own edges count for nothing', async () => {
    const { pixels, placement } = await detector.view(await defocused(campus, 0.02))
    const stripes = Array.from({ length: 8 }, (_, i) => [[i / 8, 0], [i / 8 + 0.06, 0], [i / 8 + 0.06, 1], [i / 8, 1]] as const) // biome-ignore format: corners
    expect(inspectCamera(pixels, placement, stripes).faults).toEqual(['blurred'])
    const half = await sharp(campus)
      .composite([
        { input: { create: { width: 384, height: 576, channels: 3, background: 'black' } }, left: 0, top: 0 },
      ])
      .jpeg()
      .toBuffer()
    const seen = await detector.view(await lit(half, 1))
    const right = [[[0.5, 0], [1, 0], [1, 1], [0.5, 1]]] as const // biome-ignore format: corners
    expect(inspectCamera(seen.pixels, seen.placement).faults).toEqual([])
    expect(inspectCamera(seen.pixels, seen.placement, right).faults).toEqual(['dark'])
  })
})

describe('a camera is', () => {
  const noise = (sigma: number) => (picture: Buffer, time: number) => noisy(picture, sigma, time + 1)
  const cases: {
    title: string
    frozen: boolean
    events?: string[]
    shot: (picture: Buffer, time: number) => Promise<Buffer> | Buffer
  }[] = [
    { title: 'frozen by the same file at three events', frozen: true, shot: picture => picture },
    { title: 'frozen by the same frame with another time on it', frozen: true, shot: stamped },
    {
      title: 'frozen by the same frame encoded anew',
      frozen: true,
      shot: (picture, time) => reencoded(picture, [95, 90, 85][time]!),
    },
    { title: 'not frozen after two events', frozen: false, events: ['a', 'b'], shot: picture => picture },
    {
      title: 'not frozen by one event told three times',
      frozen: false,
      events: ['a', 'a', 'a'],
      shot: picture => picture,
    },
    {
      title: 'not frozen by two events told by turns',
      frozen: false,
      events: ['a', 'b', 'a', 'b'],
      shot: picture => picture,
    },
    { title: 'not frozen by a still scene with the noise of a sensor', frozen: false, shot: noise(3) },
    { title: 'not frozen by a still scene with little noise', frozen: false, shot: noise(2) },
    {
      title: 'not frozen by a still scene that gets lighter',
      frozen: false,
      shot: (picture, time) => lit(picture, 1 + time * 0.05),
    },
    { title: 'not frozen by darkness', frozen: false, shot: picture => lit(picture, 0.01) },
  ]
  for (const { title, frozen, events = ['a', 'b', 'c'], shot } of cases) {
    test(title, async () => {
      for (const name of names) {
        let state: CameraState | undefined
        let faults: readonly string[] = []
        for (const [time, event] of events.entries()) {
          ;({ state, faults } = nextCamera(state, await look(await shot(sample(name), time)), event))
          // As whoever keeps it may do.
          state = JSON.parse(JSON.stringify(state)) as CameraState
        }
        expect(faults.includes('frozen'), name).toBe(frozen)
        expect(JSON.stringify(state).length).toBeLessThan(5000)
      }
    })
  }

  test('frozen until something moves, and then anew after three', async () => {
    const [still, other] = [await look(campus), await look(sample('car.jpg'))]
    const shots = [still, still, still, still, other, still, still, still]
    let state: CameraState | undefined
    const frozen = shots.map((shot, event) => {
      const next = nextCamera(state, shot, String(event))
      state = next.state
      return next.faults.includes('frozen')
    })
    expect(frozen).toEqual([false, false, true, true, false, false, false, true])
  })

  test('not frozen if somebody stands there, however still the rest is', async () => {
    const person = await sharp(sample('portrait.jpg')).resize(150, 300, { fit: 'cover' }).toBuffer()
    let state: CameraState | undefined
    let faults: readonly string[] = []
    for (const [event, left] of [20, 300, 580].entries()) {
      const shot = await sharp(campus)
        .composite([{ input: person, left, top: 240 }])
        .jpeg()
        .toBuffer()
      ;({ state, faults } = nextCamera(state, await look(shot), String(event)))
    }
    expect(faults).toEqual([])
  })

  test('not frozen where the mask leaves nothing, and frozen by what little it leaves', async () => {
    const { pixels, placement } = await detector.view(campus)
    const faultsBehind = (left: number) => {
      const mask = [[[left, 0], [1, 0], [1, 1], [left, 1]]] as const // biome-ignore format: corners
      const shot = inspectCamera(pixels, placement, mask)
      let state: CameraState | undefined
      for (const event of ['a', 'b']) state = nextCamera(state, shot, event).state
      return nextCamera(state, shot, 'c').faults
    }
    expect(faultsBehind(0)).toEqual([])
    expect(faultsBehind(0.3)).toEqual(['frozen'])
  })

  test('not frozen because it changed its resolution', async () => {
    const [large, small] = [
      await look(campus),
      await look(await sharp(campus).resize(480, 270).jpeg().toBuffer()),
    ]
    const { state } = nextCamera(undefined, large, 'a')
    expect(nextCamera(state, small, 'b').state.events).toEqual(['b'])
  })
})

const directory = process.env.LINTEL_PICTURES ?? ''
const there = existsSync(join(directory, 'annotations.json'))
const title = there
  ? 'no photograph has a fault'
  : 'no photograph has a fault (set LINTEL_PICTURES to a directory of pictures with annotations.json)'

test.skipIf(!there)(title, { timeout: 60_000 }, async () => {
  const files = readdirSync(directory).filter(file => file.endsWith('.jpg'))
  for (const file of files) expect((await look(readFileSync(join(directory, file)))).faults, file).toEqual([])
})
