import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { LintelError, messageOf } from '../../core/errors.ts'
import { assetUrl } from '../../core/installation.ts'
import type { Box, Size } from '../../models/box.ts'
import { openDetector } from '../../models/detector.ts'
import { openFaceFinder } from '../../models/face-finder.ts'
import { type Manifest, readManifest } from '../../models/manifest.ts'
import { decodePicture, openPicture } from '../../models/picture.ts'
import { createOutput } from '../output.ts'

interface CheckOptions {
  readonly sample?: string
  readonly threads: string
  readonly json?: boolean
}

interface Found {
  readonly kind: string
  readonly score: number
  readonly box: Box
}

interface Look {
  readonly picture: Size
  readonly found: readonly Found[]
  readonly ms: number
}

/** Pictures that come with Lintel and contain something to find. */
const samples = { objects: 'campus.jpg', faces: 'portrait.jpg' } as const
const looks = 5

export function addModelCommands(program: Command): void {
  program
    .command('models')
    .description('the models that look at snapshots')
    .command('check <manifest>')
    .description('check a model against its manifest, and run it on a picture')
    .option('--sample <picture>', 'JPEG or PNG (default: one that comes with Lintel)')
    .option('--threads <number>', 'threads for one inference', '1')
    .option('--json', 'print JSON: one value')
    .action(check)
}

async function check(path: string, { sample, threads, json = false }: CheckOptions): Promise<void> {
  const output = createOutput(json, 'UTC')
  const manifest = readManifest(path)
  const picture = readSample(sample ?? fileURLToPath(assetUrl(`models/samples/${samples[manifest.task]}`)))
  const { picture: size, found, ms } = await look(path, manifest, picture, toThreads(threads))
  const things = found.map(({ kind, score, box }) => ({
    kind,
    score: Number(score.toFixed(2)),
    ...inWholePixels(box),
  }))
  const { name, sha256, licence } = manifest
  const verdict = `${name} (${licence}) is what its manifest says: ${found.length} found on ${size.width} × ${size.height} in ${ms.toFixed(1)} ms (median of ${looks})`
  if (!json && things.length > 0) output.table(things)
  output.say(verdict, { model: name, sha256, licence, picture: size, ms, found: things })
}

function readSample(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new LintelError('PICTURE_UNREADABLE', `the sample cannot be read: ${messageOf(error)}`)
  }
}

function toThreads(text: string): number {
  const threads = Number(text)
  if (Number.isInteger(threads) && threads >= 1 && threads <= 64) return threads
  throw new LintelError('CONFIG_INVALID', `--threads must be 1 to 64, not "${text}"`)
}

async function look(path: string, { task }: Manifest, picture: Buffer, threads: number): Promise<Look> {
  const once =
    task === 'objects' ? await objectsIn(path, picture, threads) : await facesIn(path, picture, threads)
  try {
    const seen: Look[] = []
    for (let i = 0; i < looks; i++) seen.push(await once.look())
    const times = seen.map(({ ms }) => ms).toSorted((a, b) => a - b)
    return { ...seen[0]!, ms: times[Math.floor(looks / 2)]! }
  } finally {
    await once.close()
  }
}

async function objectsIn(path: string, picture: Buffer, threads: number) {
  const detector = await openDetector(path, { threads })
  return {
    close: () => detector.close(),
    async look(): Promise<Look> {
      const { picture: size, detections, timings } = await detector.detect(picture)
      return { picture: size, found: detections, ms: timings.totalMs }
    },
  }
}

async function facesIn(path: string, picture: Buffer, threads: number) {
  const finder = await openFaceFinder(path, { threads })
  return {
    close: () => finder.close(),
    async look(): Promise<Look> {
      const pixels = await decodePicture(await openPicture(picture))
      const { faces, totalMs } = await finder.find(pixels, [])
      const found = faces.map(({ score, box }) => ({ kind: 'face', score, box }))
      return { picture: { width: pixels.width, height: pixels.height }, found, ms: totalMs }
    },
  }
}

function inWholePixels({ left, top, right, bottom }: Box) {
  return {
    left: Math.round(left),
    top: Math.round(top),
    right: Math.round(right),
    bottom: Math.round(bottom),
  }
}
