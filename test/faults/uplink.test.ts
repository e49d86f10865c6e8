import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { flood } from '../../bench/ingest/flood.ts'
import { dayMs } from '../../core/clock.ts'
import { eventually } from '../support/eventually.ts'
import { type LintelNode, startEdgeAndCentre } from '../support/nodes.ts'
import { printedSeed, seededRandom } from '../support/random.ts'

const deviceCount = 8
const perRound = 16_000
/** One in so many is somebody who was not let in: it goes before its turn. */
const urgentEvery = 40

const isUrgent = (n: number) => n % urgentEvery === urgentEvery - 1

/** The n-th event of a device happened n ms after a common moment, so that it can be told by its time. */
function event(began: number, device: number, n: number): Buffer {
  const result = isUrgent(n) ? 'denied' : 'granted'
  const data = { direction: 'in', result, method: 'card' }
  const time = new Date(began + n).toISOString()
  return Buffer.from(JSON.stringify({ id: `boot1-${device}-${n}`, type: 'passage', time, data }))
}

/** Once everything that the edge node has is at the centre, and in its store. */
async function settled(edge: LintelNode, centre: LintelNode) {
  return eventually(async () => {
    const [there, here] = await Promise.all([
      edge.service.operations.ledger(),
      centre.service.operations.ledger(),
    ])
    expect(there.total.queued + here.total.queued).toBe(0)
    return { edge: there, centre: here }
  }, 150_000)
}

test('what an edge node has acked is at the centre once, through cuts of the network and kills of either side', {
  timeout: 400_000,
}, async () => {
  const random = seededRandom(printedSeed('uplink'))
  const { centre, edge, network, devices } = await startEdgeAndCentre(deviceCount)
  const began = Date.now()
  const acked = devices.map(() => 0)
  const publish = (count: number) =>
    flood({
      ...edge.service.mqtt,
      devices,
      window: 64,
      count,
      perS: perRound,
      from: [...acked],
      payload: (device, n) => event(began, device, n),
      onAck: (device, n) => {
        acked[device] = n + 1
      },
    })
  const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms * random()))
  const troubles = {
    async 'cut the network'() {
      network.cut()
      await wait(800)
      network.restore()
    },
    async 'kill the edge node'() {
      await edge.kill()
      await edge.restart()
    },
    async 'kill the centre'() {
      await centre.kill()
      await wait(300)
      await centre.restart()
    },
  }
  const plan = ['cut the network', 'kill the centre', 'kill the edge node', 'cut the network'] as const
  for (const trouble of plan) {
    // Killed under its devices, it has nothing more to tell; that may come before anybody waits for it.
    const flooding = publish(perRound).catch(() => {})
    await wait(900)
    await troubles[trouble]()
    await flooding
  }
  expect((await publish(deviceCount * 50)).cut).toBe(0)

  const ledgers = await settled(edge, centre)
  for (const ledger of [ledgers.edge, ledgers.centre])
    expect(ledger.balanced, JSON.stringify(ledger.total)).toBe(true)
  expect((await centre.service.operations.showDevice('door-0')).via).toBe('edge-1')
  await centre.service.stop()
  const rows = await rowsOf(centre.data)
  const inOrder = (moments: readonly number[]) => moments.toSorted((a, b) => a - b)
  for (const [index, { device }] of devices.entries()) {
    const moments = rows.get(device) ?? []
    const expected = Array.from({ length: acked[index]! }, (_, n) => began + n)
    // Equal, not only contained: each acked id once, and nothing else.
    expect(inOrder(moments)).toEqual(expected)
    const ordinary = moments.filter(at => !isUrgent(at - began))
    expect(ordinary).toEqual(inOrder(ordinary))
  }
  const total = acked.reduce((sum, n) => sum + n, 0)
  expect(total).toBeGreaterThan(perRound)
  const { stored, duplicate } = ledgers.centre.total
  process.stdout.write(
    `uplink: ${total} acked, ${stored} at the centre, ${duplicate} sent again, none lost or doubled\n`,
  )
})

test('after an outage what is urgent comes before the backlog, also under a cap on bytes', {
  timeout: 300_000,
}, async () => {
  const { centre, edge, network, devices } = await startEdgeAndCentre(deviceCount, { maxBytesPerS: 300_000 })
  network.cut()
  const count = 40_000
  const began = Date.now()
  const payload = (device: number, n: number) => event(began, device, n)
  expect((await flood({ ...edge.service.mqtt, devices, window: 64, count, payload })).cut).toBe(0)
  const urgent = deviceCount * Math.floor(count / deviceCount / urgentEvery)
  network.restore()
  const totalOf = async (measure: string) => {
    const from = new Date(began - dayMs).toISOString()
    const to = new Date(began + dayMs).toISOString()
    const asked = { measure, from, to, every: '1d', zone: 'UTC', by: [] }
    return (await centre.service.operations.flow(asked)).total
  }
  await eventually(async () => expect(await totalOf('denied')).toBe(urgent), 60_000)
  const granted = await totalOf('passages')
  // What went in the meantime is a small part: at this cap all of it takes some 20 seconds.
  expect(granted).toBeLessThan(count / 2)
  expect((await edge.service.operations.ledger()).total.queued).toBeGreaterThan(0)
})

async function rowsOf(data: string): Promise<Map<string, number[]>> {
  const instance = await DuckDBInstance.create(join(data, 'store', 'lintel.duckdb'))
  const connection = await instance.connect()
  const sql = 'SELECT device, at_ms::DOUBLE FROM passage JOIN place ON id = place ORDER BY device, seq'
  const rows = (await connection.runAndReadAll(sql)).getRows() as [string, number][]
  connection.closeSync()
  instance.closeSync()
  const grouped = Map.groupBy(rows, ([device]) => device)
  return new Map([...grouped].map(([device, found]) => [device, found.map(([, at]) => at)]))
}
