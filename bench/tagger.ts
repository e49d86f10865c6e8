import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync, type MqttClient } from 'mqtt'
import { type DataPaths, dataPaths, findEndpoint } from '../core/data-directory.ts'
import { eventTopic, snapshotTopic } from '../devices/contract/topics.ts'
import type { JournalReader } from '../gateway/journal/journal.ts'
import { openLmdbJournalReader } from '../gateway/journal/lmdb-reader.ts'
import { forkIdle } from '../gateway/tagger/idle-fork.ts'
import { type FloodDevice, type GeneratorTask, percentile } from './ingest/flood.ts'
import { machine, median, round } from './machine.ts'
import { memoryOfTree, runOnce, type Service, startService } from './service.ts'
import { benchPictures } from './tagger/pictures.ts'

export const description = 'pictures a second against bare inference, from JPEG to sighting, acks beside it'

const generator = new URL('./ingest/generator.ts', import.meta.url)
const bareEntry = new URL('./tagger/bare-inference.ts', import.meta.url)
const bareSeconds = 6
const latencyPictures = 60
const latencyEveryMs = 250
const eventsPerS = 500
const floods = 3
const behindAll = 15
const floodSeconds = 10

interface Rate {
  readonly name: string
  readonly barePerS: number
  readonly perS: number
  readonly ratio: number
}

/** `npm run bench -- tagger [--pictures 200] [--rounds 3]`. The figures without a name are those of one worker. */
export async function run({ pictures = 200, rounds = 3 }: { pictures?: number; rounds?: number }) {
  const jpegs = await benchPictures()
  // So long a backlog that nothing is thinned: all is to be looked at.
  const patient = { maxBacklog: 100_000 }
  const { latency, ...one } = await withTagger({ ...patient, workers: 1 }, async bench => ({
    latency: await measureLatency(bench, jpegs),
    ...(await measureRate(bench, jpegs, pictures, rounds, 1)),
  }))
  const two = await withTagger({ ...patient, workers: 2 }, bench =>
    measureRate(bench, jpegs, pictures, rounds, 2),
  )
  const beside = await withTagger({ workers: 1 }, bench => measureBeside(bench, jpegs, one.perS))
  const { barePerS, perS, ratio } = one
  return { barePerS, perS, ratio, ...latency, ...beside, workers: [one, two], machine: machine() }
}

interface Bench {
  readonly service: Service
  readonly paths: DataPaths
  readonly reader: JournalReader
  readonly tokens: readonly FloodDevice[]
  readonly camera: MqttClient
}

async function withTagger<T>(tagger: object, act: (bench: Bench) => Promise<T>): Promise<T> {
  const data = await mkdtemp(join(tmpdir(), 'lintel-bench-'))
  const config = join(data, 'bench.json')
  await writeFile(config, JSON.stringify({ tagger }))
  const service = await startService(data, 0, ['--config', config])
  const paths = dataPaths(data)
  const reader = openLmdbJournalReader(paths.journal)
  try {
    const { tokens } = await service.operations.importDevices(`device,kind,site,building,point\n${devices}`)
    const bench = { service, paths, reader, tokens, camera: await connectTo(service, tokens[0]!) }
    // Once through everything, so that nothing is measured that happens only once.
    await publish(bench, 'warm-up', (await benchPictures())[0]!)
    await sightings(bench, 1)
    const result = await act(bench)
    await bench.camera.endAsync(true)
    return result
  } finally {
    await reader.close()
    await service.stop()
    await rm(data, { recursive: true, force: true })
  }
}

const devices = ['camera', 'door'].map(device => `${device},terminal,s,b,${device}\n`).join('')

/** As soon as the gateway has seen that the device is enrolled. */
async function connectTo({ mqtt }: Service, { device, token }: FloodDevice): Promise<MqttClient> {
  for (let tries = 0; ; tries++) {
    try {
      return await connectAsync(`mqtt://${mqtt.host}:${mqtt.port}`, {
        clientId: device,
        username: device,
        password: token,
        reconnectPeriod: 0,
      })
    } catch (error) {
      if (tries > 20) throw error
      await sleep(100)
    }
  }
}

async function publish({ camera }: Pick<Bench, 'camera'>, id: string, jpeg: Buffer): Promise<void> {
  const data = { direction: 'in', result: 'granted', method: 'card' }
  const event = { id, type: 'passage', time: new Date().toISOString(), data }
  await Promise.all([
    camera.publishAsync(eventTopic('camera'), JSON.stringify(event), { qos: 1 }),
    camera.publishAsync(snapshotTopic('camera', id), jpeg, { qos: 1 }),
  ])
}

/** Waits until so many have been seen since `from`; gives back when each was, epoch ms. */
async function sightings({ reader }: Bench, count: number, from = 0, everyMs = 50): Promise<number[]> {
  const seen: number[] = []
  let position = from
  for (const until = Date.now() + 300_000; seen.length < count; ) {
    const { entries, next } = reader.read(position, 10_000)
    position = next
    for (const { record } of entries) if (record.kind === 'sighting') seen.push(record.receivedAt)
    if (Date.now() > until)
      throw new Error(`${seen.length} of ${count} pictures were seen within five minutes`)
    await sleep(everyMs)
  }
  return seen
}

async function measureRate(
  bench: Bench,
  jpegs: readonly Buffer[],
  pictures: number,
  rounds: number,
  workers: number,
): Promise<Rate> {
  const bare: number[] = []
  const tagged: number[] = []
  for (let round = 0; round < rounds; round++) {
    await allErased(bench)
    const loops = Array.from({ length: workers }, () =>
      runOnce<number>(bareEntry, { seconds: bareSeconds }, forkIdle),
    )
    bare.push((await Promise.all(loops)).reduce((sum, perS) => sum + perS, 0))
    const from = bench.reader.end()
    // All of them wait before the first is looked at, so that nothing else is measured with it.
    const { pid } = findEndpoint(bench.paths, 'tagger')!
    process.kill(pid, 'SIGSTOP')
    for (let n = 0; n < pictures; n++) await publish(bench, `rate-${round}-${n}`, jpegs[n % jpegs.length]!)
    process.kill(pid, 'SIGCONT')
    const seen = await sightings(bench, pictures, from)
    tagged.push(((pictures - 1) * 1000) / (seen.at(-1)! - seen[0]!))
  }
  const barePerS = median(bare)
  const perS = median(tagged)
  return {
    name: `${workers}`,
    barePerS: round(barePerS, 1),
    perS: round(perS, 1),
    ratio: round(perS / barePerS, 2),
  }
}

/** Nothing is left to redact, either. */
async function allErased({ paths }: Bench): Promise<void> {
  while ((await readdir(paths.waiting)).length > 0) await sleep(100)
}

/** From handing it to the client to its sighting on disk, one at a time. */
async function measureLatency(bench: Bench, jpegs: readonly Buffer[]) {
  const latencies = new Float64Array(latencyPictures)
  for (let n = 0; n < latencyPictures; n++) {
    await sleep(latencyEveryMs)
    const from = bench.reader.end()
    const started = performance.now()
    const published = publish(bench, `latency-${n}`, jpegs[n % jpegs.length]!)
    await sightings(bench, 1, from, 2)
    latencies[n] = performance.now() - started
    await published
  }
  latencies.sort()
  return { p50Ms: round(percentile(latencies, 0.5), 1), p99Ms: round(percentile(latencies, 0.99), 1) }
}

/** Acks of events without pictures, and with twice as many as can be looked at; medians of a few floods. */
async function measureBeside(bench: Bench, jpegs: readonly Buffer[], perS: number) {
  const alone: number[] = []
  const beside: number[] = []
  // A camera is another machine: sending its pictures must not take processors from what is measured.
  setPriority(behindAll)
  for (let n = 0; n < floods; n++) alone.push(await floodEvents(bench, `alone-${n}`))
  const stop = new AbortController()
  const sending = sendPictures(bench, jpegs, 2 * perS, stop.signal)
  for (let n = 0; n < floods; n++) beside.push(await floodEvents(bench, `beside-${n}`))
  // Desk and workers together; now, because to look at it costs milliseconds.
  const taggerMB = memoryOfTree(findEndpoint(bench.paths, 'tagger')!.pid)
  stop.abort()
  const offeredPerS = await sending
  return {
    ackP99Ms: round(median(alone), 2),
    ackP99WithPicturesMs: round(median(beside), 2),
    ackRatio: round(median(beside) / median(alone), 2),
    picturesOfferedPerS: round(offeredPerS, 1),
    taggerMB: round(taggerMB),
  }
}

async function floodEvents({ service, tokens }: Bench, run: string): Promise<number> {
  const count = eventsPerS * floodSeconds
  const task: GeneratorTask = {
    ...service.mqtt,
    devices: [tokens[1]!],
    window: 64,
    count,
    run,
    perS: eventsPerS,
  }
  return (await runOnce<{ p99Ms: number }>(generator, task)).p99Ms
}

async function sendPictures(
  bench: Bench,
  jpegs: readonly Buffer[],
  perS: number,
  signal: AbortSignal,
): Promise<number> {
  const started = performance.now()
  let sent = 0
  while (!signal.aborted) {
    const due = ((performance.now() - started) / 1000) * perS
    for (; sent < due; sent++)
      void publish(bench, `beside-${sent}`, jpegs[sent % jpegs.length]!).catch(() => {})
    await sleep(10)
  }
  return sent / ((performance.now() - started) / 1000)
}
