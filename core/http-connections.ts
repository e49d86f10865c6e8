import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Clock, secondMs } from './clock.ts'

export interface ConnectionOptions {
  /** Most open connections. One more closes the connection that has been idle for longest. */
  readonly max: number
  /** Least mean rate at which a client must read the data that waits for it. */
  readonly leastBytesPerS: number
  /** Added to the time that this rate allows, so that a pause of the network closes nothing. */
  readonly graceMs: number
  readonly checkEveryMs: number
}

export const connectionDefaults = { max: 1000, leastBytesPerS: 16_384, graceMs: 15 * secondMs, checkEveryMs: 5 * secondMs } satisfies ConnectionOptions // biome-ignore format: one line

export interface ConnectionStats {
  readonly open: number
  /** Closed to make room for others. */
  readonly crowdedOut: number
  /** Closed because the client read an answer too slowly. */
  readonly cutSlow: number
}

/** A connection on which data has been waiting for the client without a break. */
interface Waiting {
  readonly since: number
  readonly taken: number
  /** The most bytes that waited at once; of a long answer written in one piece, all of it. */
  readonly most: number
}

/** True if a client that has read `taken` bytes by `now` is too slow. Pure. */
export const isTooSlow = (
  { since, taken: before, most }: Waiting,
  taken: number,
  now: number,
  { leastBytesPerS, graceMs }: Pick<ConnectionOptions, 'leastBytesPerS' | 'graceMs'>,
): boolean => ((now - since - graceMs) / secondMs) * leastBytesPerS > taken - before + most

/**
 * Bounds the number of a server's connections, and the time that an answer waits for a client that does not read it. It
 * compares bytes with time, so it tells a client that reads a little now and then from a slow line.
 */
export function boundConnections(
  server: Server,
  { max, checkEveryMs, ...pace }: ConnectionOptions,
  clock: Clock,
): { stats(): ConnectionStats } {
  /** Connections without a request under way, the longest idle first. */
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
      // Bytes that were written and no longer wait have been read.
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
