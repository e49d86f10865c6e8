import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt from 'mqtt-packet'
import { dayMs, hourMs } from '../core/clock.ts'
import { connectPacket, type FloodDevice, type GeneratorTask, percentile } from './ingest/flood.ts'
import { measureStarve } from './ingest/starve.ts'
import { machine, median, round } from './machine.ts'
import { memoryOfTree, runOnce, type Service, startService } from './service.ts'

interface Generated {
  readonly acked: number
  readonly seconds: number
  readonly cut: number
  readonly startedAt: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const generator = new URL('./ingest/generator.ts', import.meta.url)
const connections = 20
const window = 64
const steadyPerS = 1000
const steadySeconds = 20
const idleDevices = 5000
const journalRecords = 1_000_000

export const description =
  'acks and rows a second against a bare aedes, latencies, memory, start, attacks by one device'

/**
 * `npm run bench -- ingest [--events 200000] [--rounds 3] [--starve 5]`. Ratios are of medians over alternating rounds;
 * each attack of `starve` goes on for so many seconds, and with 0 there is none.
 */
export async function run({ events = 200_000, rounds = 3, starve: attackS = 5 }: Record<string, number>) {
  const starve = attackS > 0 ? await measureStarve(attackS) : []
  const rssMB = await measureIdle()
  const data = await mkdtemp(join(tmpdir(), 'lintel-bench-'))
  let service = await startService(data)
  try {
    const devices = await enrol(service, 'load', connections)
    const bare: number[] = []
    const acked: number[] = []
    const stored: number[] = []
    let sent = 0
    for (let i = 0; i < rounds; i++) {
      bare.push(await floodBare(devices, events, `r${i}`))
      const before = await countStored(service)
      const flood = await generate(service, devices, { count: events, run: `r${i}` })
      const queryableAt = await awaitStored(service, before + events)
      sent += events
      acked.push(flood.acked / flood.seconds)
      stored.push((events / (queryableAt - flood.startedAt)) * 1000)
    }
    const steady = await measureSteady(service, devices)
    sent += steady.count
    const { lost, doubled } = await compare(service, sent)
    const startMs = await measureStart(data, service, devices).then(restarted => {
      service = restarted
      return restarted.startMs
    })
    const bareAckedPerS = median(bare)
    const ackedPerS = median(acked)
    const storedPerS = median(stored)
    return {
      bareAckedPerS: round(bareAckedPerS),
      ackedPerS: round(ackedPerS),
      ackedRatio: round(ackedPerS / bareAckedPerS, 2),
      storedPerS: round(storedPerS),
      storedRatio: round(storedPerS / bareAckedPerS, 2),
      ackP99Ms: round(steady.ackP99Ms, 1),
      queryableP99Ms: round(steady.queryableP99Ms),
      lost,
      doubled,
      rssMB: round(rssMB),
      startMs: round(startMs),
      starve,
      machine: machine(),
    }
  } finally {
    await service.stop()
    await rm(data, { recursive: true, force: true })
  }
}

async function enrol(service: Service, prefix: string, n: number): Promise<FloodDevice[]> {
  const rows = Array.from({ length: n }, (_, i) => `${prefix}-${i},terminal,bench,b${i % 100},p${i}`)
  const report = await service.operations.importDevices(
    `device,kind,site,building,point\n${rows.join('\n')}\n`,
  )
  return [...report.tokens]
}

function generate(
  service: Service,
  devices: readonly FloodDevice[],
  task: { count: number; run: string; perS?: number },
): Promise<Generated> {
  return runOnce<Generated>(generator, { ...service.mqtt, devices, window, ...task } satisfies GeneratorTask)
}

async function floodBare(devices: readonly FloodDevice[], count: number, run: string): Promise<number> {
  const broker = fork(new URL('./ingest/bare-broker.ts', import.meta.url))
  const [{ port }] = (await once(broker, 'message')) as [{ port: number }]
  const task: GeneratorTask = { host: '127.0.0.1', port, devices, window, count, run }
  const { acked, seconds } = await runOnce<Generated>(generator, task)
  broker.kill('SIGKILL')
  return acked / seconds
}

/** By asking as an analyst would. */
async function countStored({ operations }: Service): Promise<number> {
  const now = Date.now()
  const moment = (ms: number) => new Date(ms).toISOString()
  const question = {
    measure: 'passages',
    every: '1d',
    by: [],
    zone: 'Asia/Shanghai',
    from: moment(now - dayMs),
    to: moment(now + hourMs),
  }
  return (await operations.flow(question)).total ?? 0
}

/** Epoch ms at which an answer first counted them all. */
async function awaitStored(service: Service, count: number): Promise<number> {
  for (const until = Date.now() + 120_000; Date.now() < until; ) {
    if ((await countStored(service)) >= count) return Date.now()
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`${count} events were not queryable after two minutes`)
}

async function measureSteady(service: Service, devices: readonly FloodDevice[]) {
  const count = steadyPerS * steadySeconds
  const before = await countStored(service)
  const generating = generate(service, devices, { count, run: 'steady', perS: steadyPerS })
  const seen: { at: number; stored: number }[] = []
  while ((seen.at(-1)?.stored ?? 0) < count) {
    const stored = (await countStored(service)) - before
    seen.push({ at: Date.now(), stored })
    await new Promise(resolve => setTimeout(resolve, 25))
  }
  const { startedAt, p99Ms } = await generating
  // The n-th event went out n ms after the start, and was queryable when an answer first counted it.
  const latencies = new Float64Array(count)
  let look = 0
  for (let n = 0; n < count; n++) {
    while (seen[look]!.stored <= n) look++
    latencies[n] = seen[look]!.at - (startedAt + (n * 1000) / steadyPerS)
  }
  return { count, ackP99Ms: p99Ms, queryableP99Ms: percentile(latencies.sort(), 0.99) }
}

async function compare(service: Service, sent: number): Promise<{ lost: number; doubled: number }> {
  const { total } = await service.operations.ledger()
  const difference = sent - total.stored - total.queued
  return { lost: Math.max(0, difference), doubled: Math.max(0, -difference) }
}

/** Of a service that has just been started, with all devices connected and none talking. */
async function measureIdle(): Promise<number> {
  const data = await mkdtemp(join(tmpdir(), 'lintel-bench-'))
  const service = await startService(data)
  try {
    const devices = await enrol(service, 'idle', idleDevices)
    const sockets: Socket[] = []
    for (let i = 0; i < devices.length; i += 100) {
      const some = devices.slice(i, i + 100)
      sockets.push(...(await Promise.all(some.map(device => connectIdle(service, device)))))
    }
    // What was needed to connect is gone after a while.
    await new Promise(resolve => setTimeout(resolve, 3000))
    const memory = memoryOfTree(service.pid)
    for (const socket of sockets) socket.destroy()
    return memory
  } finally {
    await service.stop()
    await rm(data, { recursive: true, force: true })
  }
}

async function connectIdle({ mqtt: { host, port } }: Service, device: FloodDevice): Promise<Socket> {
  const socket = connect(port, host)
  await once(socket, 'connect')
  socket.write(connectPacket(device))
  await once(socket, 'data')
  return socket
}

/** Fills the journal up to a million records, kills the service and starts it again. */
async function measureStart(
  data: string,
  service: Service,
  devices: readonly FloodDevice[],
): Promise<Service> {
  const { total } = await service.operations.ledger()
  await fill(service, devices[0]!, journalRecords - total.stored)
  await service.kill()
  return startService(data)
}

async function fill({ mqtt: { host, port } }: Service, device: FloodDevice, count: number): Promise<void> {
  const socket = await connectIdle({ mqtt: { host, port } } as Service, device)
  const time = new Date().toISOString()
  const data = { direction: 'in', result: 'granted', method: 'card' }
  for (let n = 0; n < count; n += 500) {
    const events = Array.from({ length: Math.min(500, count - n) }, (_, i) => ({
      id: `fill-${n + i}`,
      type: 'passage',
      time,
      data,
    }))
    const payload = JSON.stringify(events)
    socket.write(
      mqtt.generate({
        cmd: 'publish',
        topic: `lintel/v1/${device.device}/event`,
        payload,
        qos: 1,
        messageId: 1,
        retain: false,
        dup: false,
      }),
    )
    await once(socket, 'data')
  }
  socket.destroy()
}
