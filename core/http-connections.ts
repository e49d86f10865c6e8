import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Clock, secondMs } from './clock.ts'

export interface ConnectionOptions {
  /** Beyond it, the one that has asked nothing for longest makes room for a new one. */
  readonly max: number
  /** What a reader has to take of what waits for it, in the mean. */
  readonly leastBytesPerS: number
  /** On top of what waits for it: a pause of the network is no reason. */
  readonly graceMs: number
  readonly checkEveryMs: number
}

export const connectionDefaults = { max: 1000, leastBytesPerS: 16_384, graceMs: 15 * secondMs, checkEveryMs: 5 * secondMs } satisfies ConnectionOptions // biome-ignore format: one line

export interface ConnectionStats {
  readonly open: number
  /** Closed to make room for others. */
  readonly crowdedOut: number
  /** Closed because they took too little of an answer. */
  readonly cutSlow: number
}

/** Since something waits for a reader without a break. */
interface Waiting {
  readonly since: number
  readonly taken: number
  /** The most that waited at once: of a long answer that is one piece, all of it. */
  readonly most: number
}

/** Whether a reader takes too little: `taken` bytes by `now`. Pure. */
export const isTooSlow = (
  { since, taken: before, most }: Waiting,
  taken: number,
  now: number,
  { leastBytesPerS, graceMs }: Pick<ConnectionOptions, 'leastBytesPerS' | 'graceMs'>,
): boolean => ((now - since - graceMs) / secondMs) * leastBytesPerS > taken - before + most

/**
 * Bounds the connections of a server: how many there are, and how long an answer may wait for a reader that does not
 * take it. It goes by bytes in time, so one that takes a little now and then is told apart from a slow line.
 */
export function boundConnections(
  server: Server,
  { max, checkEveryMs, ...pace }: ConnectionOptions,
  clock: Clock,
): { stats(): ConnectionStats } {
  /** Those with nothing under way, the longest so first. */
  const idle = new Set<Socket>()
  const busy = new Map<Socket, number>()
  const waiting = new Map<Socket, Waiting>()
  const counts = { crowdedOut: 0, cutSlow: 0 }

  server.on('connection', (socket: Socket) => {
    idle.add(socket)
    socket.once('close', () => {
      idle.delete(socket)
      busy.delete(socket)
      waiting.delete(socket)
    })
    if (idle.size + busy.size <= max) return
    const [oldest = socket] = idle
    idle.delete(oldest)
    counts.crowdedOut++
    oldest.destroy()
  })
  server.on('request', ({ socket }: IncomingMessage, answer: ServerResponse) => {
    idle.delete(socket)
    busy.set(socket, (busy.get(socket) ?? 0) + 1)
    answer.once('close', () => {
      const left = (busy.get(socket) ?? 1) - 1
      if (left > 0) busy.set(socket, left)
      else if (busy.delete(socket) && !socket.destroyed) idle.add(socket)
    })
  })

  function check(): void {
    const now = clock()
    for (const socket of busy.keys()) {
      const { bytesWritten, writableLength } = socket
      if (writableLength === 0) {
        waiting.delete(socket)
        continue
      }
      // What was written and waits no longer has been taken.
      const taken = bytesWritten - writableLength
      const { since, taken: before, most } = waiting.get(socket) ?? { since: now, taken, most: 0 }
      const known = { since, taken: before, most: Math.max(most, writableLength) }
      waiting.set(socket, known)
      if (!isTooSlow(known, taken, now, pace)) continue
      counts.cutSlow++
      socket.destroy()
    }
  }
  const checking = setInterval(check, checkEveryMs)
  checking.unref()
  server.once('close', () => clearInterval(checking))
  return { stats: () => ({ open: idle.size + busy.size, ...counts }) }
}
