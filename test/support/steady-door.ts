import { createServer } from 'node:net'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { connect } from 'mqtt'
import { onTestFinished } from 'vitest'
import { eventTopic } from '../../devices/contract/topics.ts'

/** A port that nobody listens on now; the same after a restart of what listens there. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

export interface SteadyDoor {
  /** By number, when each was first sent and when it was acked. */
  readonly sent: ReadonlyMap<number, number>
  readonly acked: ReadonlyMap<number, number>
  /** Those of which the first try began after `moment`, and that were acked. */
  ackedOfThoseSentAfter(moment: number): number[]
  /** Ends it, once what is under way is acked or ten seconds are over. */
  stop(): Promise<void>
  /** The numbers of those that the embedded database of a stopped service has, in its order. */
  stored(data: string): Promise<number[]>
}

const everyMs = 20
/** As a door with a small memory. */
const maxUnacked = 200

/**
 * A door that somebody passes fifty times a second, whatever becomes of the service: it connects again, and sends
 * again what was not acked, under the same id.
 */
export function startSteadyDoor(
  port: number,
  { device, token }: { device: string; token: string },
): SteadyDoor {
  const client = connect(`mqtt://127.0.0.1:${port}`, {
    clientId: device,
    username: device,
    password: token,
    reconnectPeriod: 200,
    connectTimeout: 5000,
    queueQoSZero: false,
  })
  // Refused, cut off: it comes again.
  client.on('error', () => {})
  const sent = new Map<number, number>()
  const acked = new Map<number, number>()
  const waiting = new Set<Promise<void>>()
  const began = Date.now()
  let next = 0

  async function publish(n: number): Promise<void> {
    const data = { direction: 'in', result: 'granted', method: 'card' }
    const event = { id: `steady-${n}`, type: 'passage', time: new Date(began + n).toISOString(), data }
    sent.set(n, Date.now())
    await client.publishAsync(eventTopic(device), JSON.stringify(event), { qos: 1 })
    acked.set(n, Date.now())
  }

  const timer = setInterval(() => {
    if (!client.connected || waiting.size >= maxUnacked) return
    const published = publish(next++).catch(() => {})
    waiting.add(published)
    void published.then(() => waiting.delete(published))
  }, everyMs)

  async function stop(): Promise<void> {
    clearInterval(timer)
    await Promise.race([Promise.all(waiting), new Promise(resolve => setTimeout(resolve, 10_000))])
    await client.endAsync(true)
  }
  onTestFinished(async () => {
    clearInterval(timer)
    await client.endAsync(true)
  })

  return {
    sent,
    acked,
    ackedOfThoseSentAfter: moment => [...acked.keys()].filter(n => sent.get(n)! > moment),
    stop,
    async stored(data) {
      const instance = await DuckDBInstance.create(join(data, 'store', 'lintel.duckdb'))
      const connection = await instance.connect()
      const sql = `SELECT at_ms::DOUBLE FROM passage JOIN place ON id = place WHERE device = '${device}'`
      const rows = (await connection.runAndReadAll(sql)).getRows() as [number][]
      connection.closeSync()
      instance.closeSync()
      return rows.map(([at]) => at - began)
    },
  }
}
