import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import { assetUrl } from '../../core/installation.ts'
import { parseRfc3339 } from '../../core/rfc3339.ts'
import type { DeviceEvent } from '../../devices/contract/kinds.ts'
import type { NewDevice } from '../../devices/registry/device.ts'
import type { TownMood } from '../../devices/town/events.ts'
import { type Incidents, isWithin, type Scene, scenesOf } from '../../devices/town/incidents.ts'
import { createRandom } from '../../devices/town/random.ts'

type Sample = 'campus' | 'car' | 'motorcycle' | 'portrait'
type Random = ReturnType<typeof createRandom>

const view = { width: 960, height: 540 }
const channels = 3

/**
 * Pictures from the cameras of the simulated town: those that come with Lintel, each time from a slightly different
 * position and in different light, with sensor noise; darkness where a camera is tampered with or covered; and what
 * incidents show.
 */
export function createScenes(
  seed: number,
  incidents: Incidents,
  { crowds = {} }: TownMood = {},
): (event: DeviceEvent, device: NewDevice) => Promise<Buffer | undefined> {
  const scenes = scenesOf(incidents)
  const samples = new Map<Sample, Promise<Buffer>>()
  const sampleOf = (name: Sample) => {
    const known = samples.get(name) ?? readFile(assetUrl(`models/samples/${name}.jpg`))
    samples.set(name, known)
    return known
  }
  return async (event, { device }) => {
    const scene = scenes.get(event.id)
    // No cameras where crowds pass: the processor has enough pictures to analyse.
    if (scene === 'none' || crowds[device] !== undefined) return undefined
    const random = createRandom(seed, 'scene', event.id)
    if (event.type === 'tamper' && event.data.part === 'camera' && event.data.active) return darkness(random)
    if (isWithin(incidents.blind, device, parseRfc3339(event.time))) return darkness(random)
    if (scene !== undefined) return photograph(await sampleOf(sampleOfScene[scene]), random, 1)
    return photograph(await sampleOf(sampleFor(event, random)), random)
  }
}

const sampleOfScene: Record<Exclude<Scene, 'none'>, Sample> = { crowd: 'campus', bike: 'motorcycle' }

function sampleFor(event: DeviceEvent, random: Random): Sample {
  switch (event.type) {
    case 'vehicle':
      return event.data.class === 'motorcycle' || event.data.class === 'bicycle' ? 'motorcycle' : 'car'
    case 'passage':
      // Several people seen while one is let in would be tailgating every time.
      return event.data.direction === 'out' && random.chance(0.6) ? 'campus' : 'portrait'
    default:
      return 'campus'
  }
}

async function photograph(
  sample: Buffer,
  random: Random,
  zoom = 0.85 + 0.15 * random.next(),
): Promise<Buffer> {
  const { width, height } = await sharp(sample).metadata()
  const part = { width: Math.floor(width * zoom), height: Math.floor(height * zoom) }
  const image = sharp(sample)
    .extract({
      ...part,
      left: Math.floor((width - part.width) * random.next()),
      top: Math.floor((height - part.height) * random.next()),
    })
    .resize(view.width, view.height, { fit: 'cover', position: 'top' })
    .modulate({ brightness: 0.8 + 0.35 * random.next() })
  return noisy(await image.raw().toBuffer(), random)
}

const darkness = (random: Random) => noisy(Buffer.alloc(view.width * view.height * channels, 2), random)

function noisy(pixels: Buffer, random: Random): Promise<Buffer> {
  // A few hundred random values, reused: enough for sensor noise, in a tenth of the time.
  const noise = Int8Array.from({ length: 997 }, () => Math.round(3 * random.normal()))
  for (let at = 0; at < pixels.length; at++)
    pixels[at] = Math.min(255, Math.max(0, pixels[at]! + noise[at % noise.length]!))
  return sharp(pixels, { raw: { ...view, channels } })
    .jpeg({ quality: 82 })
    .toBuffer()
}
