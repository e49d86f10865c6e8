import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, onTestFinished, test } from 'vitest'
import { type FloodDevice, flood } from '../../bench/ingest/flood.ts'
import { type Service, startService } from '../../bench/service.ts'
import { printedSeed, seededRandom } from '../support/random.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const kills = 10
const deviceCount = 10
const perRound = 40_000

/**
 * The n-th event of a device happened n ms after a common moment, so that what is found in the store
 * can be told one by one: what was acked, what came twice, and in which order.
 */
test(`nothing acked is lost or doubled when the whole service is killed ${kills} times in a flood`, {
  timeout: 400_000,
}, async () => {
  const random = seededRandom(printedSeed('kill -9'))
  const data = await temporaryDirectory()
  let service = await startService(data)
  onTestFinished(() => service.stop())
  const devices = await enrol(service)
  const began = Date.now()
  /** For each device, how many of its events are acked; the next is sent again with the same id. */
  const acked = devices.map(() => 0)

  const publish = (count: number, { mqtt }: Service) =>
    flood({
      ...mqtt,
      devices,
      window: 64,
      count,
      from: [...acked],
      payload: (device, n) => event(began, device, n),
      onAck: (device, n) => {
        acked[device] = n + 1
      },
    })

  for (let kill = 0; kill < kills; kill++) {
    // Killed before it was connected, it has nothing to tell; that may come before anybody waits for it.
    const flooding = publish(perRound, service).catch(() => {})
    await new Promise(resolve => setTimeout(resolve, 20 + random() * 600))
    await service.kill()
    await flooding
    service = await startService(data)
  }
  // Some acks of the last round may have been cut off: what was sent comes again, and is known.
  const { cut } = await publish(deviceCount * 100, service)
  expect(cut).toBe(0)

  const ledger = await settled(service)
  expect(ledger.balanced, JSON.stringify(ledger.total)).toBe(true)
  await service.stop()
  const rows = await rowsOf(data)
  for (const [index, { device }] of devices.entries()) {
    const moments = rows.get(device) ?? []
    const expected = Array.from({ length: acked[index]! }, (_, n) => began + n)
    // Equal, not only contained: each acked id once, nothing else, and in the order it was sent.
    expect(moments).toEqual(expected)
  }
  const total = acked.reduce((sum, n) => sum + n, 0)
  expect(total).toBeGreaterThan(deviceCount * 100)
  process.stdout.write(
    `kill -9: ${total} acked over ${kills} kills, ${ledger.total.duplicate} sent again, none lost or doubled\n`,
  )
})

async function enrol({ operations }: Service): Promise<FloodDevice[]> {
  const rows = Array.from({ length: deviceCount }, (_, i) => `door-${i},terminal,nanshe,b01,p${i}`)
  return [...(await operations.importDevices(`device,kind,site,building,point\n${rows.join('\n')}`)).tokens]
}

function event(began: number, device: number, n: number): Buffer {
  const time = new Date(began + n).toISOString()
  const data = { direction: n % 2 ? 'in' : 'out', result: 'granted', method: 'card' }
  return Buffer.from(JSON.stringify({ id: `boot1-${device}-${n}`, type: 'passage', time, data }))
}

/** The ledger once nothing is queued any more. */
async function settled({ operations }: Service) {
  for (;;) {
    const ledger = await operations.ledger()
    if (ledger.total.queued === 0 || !ledger.balanced) return ledger
  }
}

async function rowsOf(data: string): Promise<Map<string, number[]>> {
  const instance = await DuckDBInstance.create(join(data, 'store', 'lintel.duckdb'))
  const connection = await instance.connect()
  const sql = 'SELECT device, at_ms::DOUBLE FROM passage JOIN place ON id = place ORDER BY device, seq'
  const rows = (await connection.runAndReadAll(sql)).getRows() as [string, number][]
  connection.closeSync()
  instance.closeSync()
  const byDevice = new Map<string, number[]>()
  for (const [device, at] of rows) {
    const moments = byDevice.get(device)
    if (moments === undefined) byDevice.set(device, [at])
    else moments.push(at)
  }
  return byDevice
}
