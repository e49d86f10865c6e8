import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import sharp, { type Sharp } from 'sharp'
import { describe, expect, onTestFinished, test } from 'vitest'
import { memoryOfTree, startService } from '../../bench/service.ts'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import type { DataOf } from '../../devices/contract/kinds.ts'
import { sightingRecordId } from '../../devices/contract/record-ids.ts'
import { commandTopic, eventTopic, snapshotTopic } from '../../devices/contract/topics.ts'
import { openLmdbJournalReader } from '../../gateway/journal/lmdb-reader.ts'
import { captionOf } from '../../gateway/snapshots/caption.ts'
import { lintel, main, run } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { samplePicture } from '../support/pictures.ts'
import { temporaryDirectory } from '../support/temporary.ts'

type Sighting = DataOf<'sighting'>

async function start(config: object = {}) {
  const data = await temporaryDirectory()
  const configFile = join(await temporaryDirectory(), 'lintel.json')
  writeFileSync(configFile, JSON.stringify(config))
  const service = await startService(data, 0, ['--config', configFile])
  const paths = dataPaths(data)
  const reader = openLmdbJournalReader(paths.journal)
  const { token } = (await service.operations.addDevice({
    device: 'd1',
    kind: 'terminal',
    site: 's',
    building: 'b',
    point: 'p',
  })) as { token: string }
  const { host, port } = service.mqtt
  const client = await eventually(
    () =>
      connectAsync(`mqtt://${host}:${port}`, {
        clientId: 'd1',
        username: 'd1',
        password: token,
        reconnectPeriod: 0,
      }),
    10_000,
  )
  const refusals: string[] = []
  client.on('message', (_, payload) => {
    const { type, code } = JSON.parse(payload.toString())
    if (type === 'refusal') refusals.push(code)
  })
  await client.subscribeAsync(commandTopic('d1'), { qos: 1 })
  onTestFinished(async () => {
    await client.endAsync(true)
    await reader.close()
    await service.stop()
  })

  /** Resolves once both are acked. */
  async function publish(id: string, jpeg: Buffer, result = 'granted') {
    const data = { direction: 'in', result, method: 'card' }
    const event = { id, type: 'passage', time: new Date().toISOString(), data }
    await client.publishAsync(eventTopic('d1'), JSON.stringify(event), { qos: 1 })
    await client.publishAsync(snapshotTopic('d1', id), jpeg, { qos: 1 })
  }
  const entries = () => reader.read(0, 100_000).entries
  const sightingOf = (event: string) =>
    entries().find(({ id }) => id === sightingRecordId(event))?.record.data as Sighting | undefined
  const seen = (event: string) => eventually(() => sightingOf(event) ?? false, 15_000) as Promise<Sighting>
  const isErased = () => eventually(() => readdirSync(paths.waiting).length === 0, 15_000)
  return { data, configFile, refusals, service, paths, reader, publish, entries, sightingOf, seen, isErased }
}

/** A small JPEG whose header says that it is 16,000 pixels wide and high. */
function bomb(jpeg: Buffer): Buffer {
  const bytes = Buffer.from(jpeg)
  for (let at = 2; at < bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    if (bytes[at + 1] !== 0xc0 && bytes[at + 1] !== 0xc2) continue
    bytes.writeUInt16BE(16_000, at + 5)
    bytes.writeUInt16BE(16_000, at + 7)
    return bytes
  }
  throw new Error('no frame header')
}

/** As if a device had a thumbnail, and much else, in its EXIF. */
function withLongExif(jpeg: Buffer): Buffer {
  const segment = Buffer.alloc(2 + 60_000, 0x20)
  segment.set([0xff, 0xe1])
  segment.writeUInt16BE(60_000, 2)
  segment.write('Exif GPS 22.9 N 113.9 E', 4)
  return Buffer.concat([jpeg.subarray(0, 2), ...Array(12).fill(segment), jpeg.subarray(2)])
}

interface BadPicture {
  readonly title: string
  make(campus: Buffer): Promise<Buffer> | Buffer
  /** Of the parked record or the sighting; a look that found nothing wrong has none. */
  readonly code: string | undefined
}
const small = (image: Sharp) => image.resize(320, 240)
const pictures: readonly BadPicture[] = [
  { title: 'of zero bytes', make: () => Buffer.alloc(0), code: 'SNAPSHOT_EMPTY' },
  { title: 'that is text', make: () => Buffer.from('hello'), code: 'SNAPSHOT_NOT_JPEG' },
  { title: 'that is SVG', make: () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), code: 'SNAPSHOT_NOT_JPEG' },
  { title: 'that is TIFF', make: campus => small(sharp(campus)).tiff().toBuffer(), code: 'SNAPSHOT_NOT_JPEG' },
  { title: 'that is GIF', make: campus => small(sharp(campus)).gif().toBuffer(), code: 'SNAPSHOT_NOT_JPEG' },
  { title: 'that is SVG behind the first bytes of a JPEG', make: () => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from('<svg/>')]), code: 'PICTURE_UNREADABLE' },
  { title: 'that is cut off', make: campus => campus.subarray(0, 20_000), code: 'PICTURE_UNREADABLE' },
  { title: 'that would be a quarter of a billion pixels', make: bomb, code: 'PICTURE_TOO_LARGE' },
  { title: 'with hundreds of kilobytes of EXIF', make: withLongExif, code: undefined },
  { title: 'in CMYK', make: campus => small(sharp(campus)).toColourspace('cmyk').jpeg().toBuffer(), code: undefined },
  { title: 'in grey', make: campus => small(sharp(campus)).greyscale().jpeg().toBuffer(), code: undefined },
  { title: 'turned by EXIF', make: campus => small(sharp(campus)).withMetadata({ orientation: 6 }).jpeg().toBuffer(), code: undefined },
  { title: 'that is progressive', make: campus => small(sharp(campus)).jpeg({ progressive: true }).toBuffer(), code: undefined },
  { title: 'of one pixel', make: campus => sharp(campus).resize(1, 1).jpeg().toBuffer(), code: undefined },
] // biome-ignore format: a table

describe('a snapshot that a device publishes', () => {
  test('of a camera that is mounted turned is seen and kept upright', { timeout: 240_000 }, async () => {
    const { service, publish, seen, isErased } = await start()
    await service.operations.setRegions('d1', { turned: 90 })
    await publish(
      'e1',
      await sharp(await samplePicture('campus'))
        .rotate(270)
        .jpeg()
        .toBuffer(),
      'denied',
    )
    const { width, height, person } = await seen('e1')
    expect([width, height]).toEqual([768, 576])
    expect(person).toBeGreaterThanOrEqual(4)
    await isErased()
    const jpeg = await service.operations.readSnapshot({ device: 'd1', event: 'e1' })
    expect(await sharp(jpeg).metadata()).toMatchObject({ width: 768, height: 576 })
  })

  test('is seen, redacted and kept, and the original is erased', { timeout: 240_000 }, async () => {
    const { service, paths, publish, seen, isErased, reader } = await start()
    await publish('e1', await samplePicture('campus'), 'denied')
    const sighting = await seen('e1')
    expect(sighting).toMatchObject({
      outcome: 'seen',
      model: 'nanodet-g',
      width: 768,
      height: 576,
      dark: false,
    })
    expect(sighting.person).toBeGreaterThanOrEqual(4)
    expect(sighting.boxes?.length).toBeGreaterThanOrEqual(5)
    await isErased()
    const view = await service.operations.showSnapshot({ device: 'd1', event: 'e1' })
    expect(view).toMatchObject({ site: 's', building: 'b', point: 'p', urgent: true })
    const jpeg = await service.operations.readSnapshot(view)
    expect(captionOf(jpeg)).toEqual(sighting)
    expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 768, height: 576 })
    expect((await sharp(jpeg).metadata()).exif).toBeUndefined()
    const { url, token } = findEndpoint(paths, 'api')!
    const headers = { authorization: `Bearer ${token}` }
    const metrics = await (await fetch(`${url}/metrics`, { headers })).text()
    expect(metrics).toContain('lintel_tagger_pictures_total{outcome="seen"} 1')
    expect(reader.audit(0).tallies.get('d1')?.snapshot).toMatchObject({ received: 1, stored: 1, sighted: 1 })
    const ledger = await eventually(async () => {
      const taken = await service.operations.ledger()
      return taken.total.queued === 0 ? taken : false
    })
    expect(ledger).toMatchObject({
      balanced: true,
      snapshots: { received: 1, stored: 1, queued: 0, difference: 0 },
    })
  })

  test('and cannot be used gets a word on why, in little memory, and its event is kept', {
    timeout: 240_000,
  }, async () => {
    const { service, refusals, paths, publish, entries, sightingOf, seen, isErased, reader } = await start()
    const campus = await samplePicture('campus')
    await publish('warm-up', campus)
    await seen('warm-up')
    const { pid } = findEndpoint(paths, 'tagger')!
    const before = memoryOfTree(pid)
    const told: Record<string, string | undefined> = {}
    for (const [index, { title, make }] of pictures.entries()) {
      const id = `bad-${index}`
      const bytes = await make(campus)
      await publish(id, bytes)
      const parked = () => reader.parked(50).find(item => item.id === id)
      const answer = await eventually(() => parked()?.code ?? sightingOf(id) ?? false, 15_000)
      told[title] = typeof answer === 'string' ? answer : answer.reason
      expect(
        entries().some(entry => entry.id === id),
        `the event of the picture ${title}`,
      ).toBe(true)
    }
    expect(told).toEqual(Object.fromEntries(pictures.map(({ title, code }) => [title, code])))
    // At most 20 answers at once, of which the fine ones need none.
    const wrong = pictures.flatMap(({ code }) => code ?? [])
    await eventually(() => refusals.length === wrong.length)
    expect(refusals.toSorted()).toEqual(wrong.toSorted())
    await isErased()
    expect(memoryOfTree(pid) - before).toBeLessThan(100)
    expect((await service.operations.ledger()).balanced).toBe(true)
  })

  test('is masked before anything looks at it, and is kept as it came only encrypted, where that is wanted', {
    timeout: 240_000,
  }, async () => {
    const keyFile = join(await temporaryDirectory(), 'key')
    writeFileSync(keyFile, 'ab'.repeat(32), { mode: 0o600 })
    const { data, configFile, service, publish, seen, isErased } = await start({
      snapshots: { originals: { keyFile } },
    })
    const everything = [[0, 0], [1, 0], [1, 1], [0, 1]] // biome-ignore format: corners
    await service.operations.setRegions('d1', { mask: [everything] })
    const campus = await samplePicture('campus')
    await publish('e1', campus)
    expect(await seen('e1')).toMatchObject({ outcome: 'seen', person: 0, car: 0 })
    await isErased()
    const { channels } = await sharp(
      await service.operations.readSnapshot({ device: 'd1', event: 'e1' }),
    ).stats()
    expect(Math.max(...channels.map(({ max }) => max))).toBeLessThan(10)

    const place = await temporaryDirectory()
    const show = `'${process.execPath}' '${main}' snapshot show d1 e1 --data '${data}'`
    const shown = await run('sh', ['-c', `cd '${place}' && ${show}`])
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('again with --out FILE.jpg') })
    // No picture lies about that nobody asked for.
    expect(readdirSync(place)).toEqual([])

    const out = join(await temporaryDirectory(), 'original.jpg')
    const { code } = await lintel(
      'snapshot',
      'original',
      'd1',
      'e1',
      '--out',
      out,
      '--data',
      data,
      '--config',
      configFile,
    )
    expect([code, Buffer.compare(readFileSync(out), campus)]).toEqual([0, 0])
    const sealed = readdirSync(join(data, 'snapshots', 'originals')).map(name =>
      readFileSync(join(data, 'snapshots', 'originals', name)),
    )
    expect(sealed).toHaveLength(1)
    expect(sealed[0]!.includes(campus.subarray(1000, 1100))).toBe(false)
  })

  test('outlives its worker: one that is killed is replaced, and each picture is seen once', {
    timeout: 240_000,
  }, async () => {
    const { paths, publish, seen, isErased, entries, service } = await start()
    const campus = await samplePicture('campus')
    await publish('warm-up', campus)
    await seen('warm-up')
    const ids = Array.from({ length: 12 }, (_, n) => `e${n}`)
    for (const [n, id] of ids.entries()) {
      await publish(id, campus)
      if (n % 4 === 3) await killWorker(findEndpoint(paths, 'tagger')!.pid)
    }
    for (const id of ids) expect((await seen(id)).outcome).toMatch(/^(?:seen|parked)$/)
    await isErased()
    expect(entries().filter(({ record }) => record.kind === 'sighting')).toHaveLength(ids.length + 1)
    const { snapshots } = await service.operations.ledger()
    expect(snapshots).toMatchObject({ queued: 0, difference: 0 })
  })
})

/** SIGKILL to the child of a process, once it has one. */
async function killWorker(pid: number): Promise<void> {
  const worker = await eventually(
    () => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]) || false,
    10_000,
  )
  process.kill(worker, 'SIGKILL')
}
