import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { round } from '../machine.ts'
import { type Service, startService } from '../service.ts'
import { type AttackTask, attacks } from './attacks.ts'
import { connectPacket, encode, type FloodDevice, percentile } from './flood.ts'

export interface Starved {
  readonly attack: string
  /** Latency of another device's acks, 50 a second, ms. */
  readonly p99Before: number
  readonly p99During: number
  /** Most memory of the gateway's process meanwhile. */
  readonly rssMb: number
  /** The longest that a third device took to connect meanwhile, twice a second. */
  readonly connectMs: number
  /** Events of the other device that were not acked in the end. */
  readonly unacked: number
}

const attacker = new URL('./attacker.ts', import.meta.url)
const everyMs = 20
const connectEveryMs = 500
const patienceMs = 20_000

/** Each attack for so many seconds, beside a device that behaves and one that connects again and again. */
export async function measureStarve(seconds: number, names = Object.keys(attacks)): Promise<Starved[]> {
  const data = await mkdtemp(join(tmpdir(), 'lintel-bench-'))
  const service = await startService(data)
  try {
    const { tokens } = await service.operations.importDevices(
      `device,kind,site,building,point\n${['good', 'third', ...names.map((_, n) => `bad-${n}`)]
        .map(device => `${device},terminal,bench,b,${device}`)
        .join('\n')}\n`,
    )
    const [good, third, ...bad] = tokens as [FloodDevice, FloodDevice, ...FloodDevice[]]
    const { pid } = findEndpoint(dataPaths(data), 'gateway')!
    const starved: Starved[] = []
    for (const [n, attack] of names.entries()) {
      const before = await behave(service, good, seconds)
      const child = fork(attacker, [
        JSON.stringify({ attack, ...service.mqtt, device: bad[n]! } satisfies AttackTask),
      ])
      await once(child, 'message')
      const memory = watchMemory(pid)
      const [during, connectMs] = await Promise.all([
        behave(service, good, seconds),
        connectAgain(service, third, seconds),
      ])
      child.kill('SIGKILL')
      starved.push({
        attack,
        p99Before: round(percentile(before.latencies, 0.99), 1),
        p99During: round(percentile(during.latencies, 0.99), 1),
        rssMb: round(memory()),
        connectMs: round(connectMs),
        unacked: before.unacked + during.unacked,
      })
    }
    return starved
  } finally {
    await service.stop()
    await rm(data, { recursive: true, force: true })
  }
}

let serial = 0

/** An event every 20 ms, whatever becomes of those before. */
async function behave({ mqtt }: Service, device: FloodDevice, seconds: number) {
  const { socket } = await enter(mqtt, device)
  const sentAt: number[] = []
  const latencies: number[] = []
  socket.on('data', chunk => {
    // PUBACKs alone: nothing is subscribed to.
    for (let at = 0; at + 4 <= chunk.length; at += 4)
      latencies.push(performance.now() - sentAt[latencies.length]!)
  })
  const count = Math.ceil((seconds * 1000) / everyMs)
  const startedAt = performance.now()
  for (let n = 0; n < count; n++) {
    const event = {
      id: `good-${serial++}`,
      type: 'passage',
      time: new Date().toISOString(),
      data: { direction: 'in', result: 'granted', method: 'card' },
    }
    sentAt.push(performance.now())
    socket.write(encode(device.device, n, Buffer.from(JSON.stringify(event))))
    await sleep(Math.max(0, startedAt + (n + 1) * everyMs - performance.now()))
  }
  for (const until = performance.now() + patienceMs; latencies.length < count && performance.now() < until; )
    await sleep(5)
  socket.destroy()
  return { latencies: Float64Array.from(latencies).sort(), unacked: count - latencies.length }
}

/** Resolves once it is let in, after as many tries as that takes. */
async function enter(
  { host, port }: Service['mqtt'],
  device: FloodDevice,
): Promise<{ socket: Socket; ms: number }> {
  const startedAt = performance.now()
  for (;;) {
    const socket = connect(port, host)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.write(connectPacket(device))
    const isIn = await new Promise<boolean>(resolve => {
      socket.once('data', answer => resolve(answer[0] === 0x20 && answer[3] === 0))
      socket.once('close', () => resolve(false))
    })
    if (isIn) return { socket, ms: performance.now() - startedAt }
    socket.destroy()
    await sleep(20)
  }
}

async function connectAgain({ mqtt }: Service, device: FloodDevice, seconds: number): Promise<number> {
  let longestMs = 0
  for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
    const { socket, ms } = await enter(mqtt, device)
    longestMs = Math.max(longestMs, ms)
    socket.destroy()
    await sleep(connectEveryMs)
  }
  return longestMs
}

/** Ends with the most that it has seen, MB; NaN where /proc does not say. */
function watchMemory(pid: number): () => number {
  let most = Number.NaN
  const look = () => {
    try {
      const kB = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
      most = Math.max(Number.isNaN(most) ? 0 : most, kB / 1024)
    } catch {}
  }
  look()
  const timer = setInterval(look, 200)
  return () => {
    clearInterval(timer)
    look()
    return most
  }
}
