import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { type FloodDevice, flood } from '../../bench/ingest/flood.ts'
import { type Service, startService } from '../../bench/service.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const names = Array.from({ length: 6 }, (_, i) => `door-${i}`)
const perRound = 1200

/** What is done to the data directory of a service that is stopped: it has a copy of itself from a round before. */
const accidents: {
  title: string
  act(data: string, copy: string): Promise<void>
  refillsFrom?: 'journal'
}[] = [
  {
    title: 'an older copy of the journal is put back',
    act: (data, copy) => putBack(data, copy, 'journal'),
  },
  {
    title: 'an older copy of the store is put back',
    act: (data, copy) => putBack(data, copy, 'store'),
  },
  {
    title: 'an older copy of the state is put back',
    act: (data, copy) => putBack(data, copy, 'state'),
  },
  {
    title: 'older copies of the journal and the state are put back',
    async act(data, copy) {
      await putBack(data, copy, 'journal')
      await putBack(data, copy, 'state')
    },
  },
  {
    title: 'the store is deleted',
    act: data => rm(join(data, 'store'), { recursive: true }),
  },
  {
    title: 'the state and the store are deleted, and devices enrolled again in another order',
    async act(data) {
      await rm(join(data, 'store'), { recursive: true })
      await rm(join(data, 'state'), { recursive: true })
    },
  },
  {
    title: 'rows are deleted from the store behind its back',
    act: data => change(data, 'DELETE FROM passage WHERE seq % 7 = 3'),
  },
  {
    title: 'rows are deleted from the store and others doubled, so that the counts add up',
    act: data =>
      change(
        data,
        'INSERT INTO passage SELECT * FROM passage WHERE seq BETWEEN 100 AND 104',
        'DELETE FROM passage WHERE seq BETWEEN 200 AND 204',
        'DELETE FROM passage WHERE rowid IN (SELECT max(rowid) FROM passage GROUP BY seq HAVING count(*) > 1)',
      ),
  },
]

/** A service that has had two rounds, and a copy of its data after the first. */
const base = {
  data: '',
  copy: '',
  began: Date.now(),
  acked: names.map(() => 0),
  devices: [] as FloodDevice[],
}

beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), 'lintel-'))
  base.data = join(root, 'data')
  base.copy = join(root, 'copy')
  let service = await startService(base.data)
  base.devices = await enrol(service, names)
  await report(service, base.devices, base.acked, base.began)
  await service.stop()
  await cp(base.data, base.copy, { recursive: true })
  service = await startService(base.data)
  await report(service, base.devices, base.acked, base.began)
  // What is in the journal alone when another is put in its place is lost with it.
  await eventually(async () => (await service.operations.ledger()).total.queued === 0, 60_000)
  await service.stop()
  return () => rm(root, { recursive: true, force: true })
})

for (const { title, act } of accidents) {
  test(`every acked event is stored once, under its own door, where ${title}`, {
    timeout: 400_000,
  }, async () => {
    const data = await temporaryDirectory()
    const { copy, began, devices } = base
    const acked = [...base.acked]
    await cp(base.data, data, { recursive: true })

    await act(data, copy)
    const service = await startService(data)
    onTestFinished(() => service.stop())
    // Where the registry was lost, other tokens are made, and other numbers given.
    const again = await enrol(service, names.toReversed())
    await report(service, again.length === 0 ? devices : again.toReversed(), acked, began)

    // What was lost is compared, and written again, within seconds.
    await eventually(async () => {
      const { total, balanced, differing } = await service.operations.ledger()
      expect({ queued: total.queued, balanced, differing }).toEqual({
        queued: 0,
        balanced: true,
        differing: [],
      })
    }, 60_000)
    await service.stop()
    const rows = await rowsOf(data)
    for (const [index, device] of names.entries())
      expect(rows.get(device), device).toEqual(Array.from({ length: acked[index]! }, (_, n) => began + n))
  })
}

const putBack = async (data: string, copy: string, folder: string) => {
  await rm(join(data, folder), { recursive: true })
  await cp(join(copy, folder), join(data, folder), { recursive: true })
}

/** Empty where all are known already. */
async function enrol({ operations }: Service, devices: readonly string[]): Promise<FloodDevice[]> {
  const rows = devices.map(device => `${device},terminal,nanshe,b01,${device}`)
  return [...(await operations.importDevices(`device,kind,site,building,point\n${rows.join('\n')}`)).tokens]
}

async function report(
  { mqtt }: Service,
  devices: FloodDevice[],
  acked: number[],
  began: number,
): Promise<void> {
  await flood({
    ...mqtt,
    devices,
    window: 64,
    count: perRound,
    from: [...acked],
    payload(device, n) {
      const time = new Date(began + n).toISOString()
      const data = { direction: 'in', result: 'granted', method: 'card' }
      return Buffer.from(JSON.stringify({ id: `e${n}-${device}`, type: 'passage', time, data }))
    },
    onAck(device, n) {
      acked[device] = n + 1
    },
  })
}

async function withDatabase<T>(
  data: string,
  act: (sql: (text: string) => Promise<unknown[][]>) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(join(data, 'store', 'lintel.duckdb'))
  const connection = await instance.connect()
  try {
    return await act(async text => (await connection.runAndReadAll(text)).getRows())
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function change(data: string, ...statements: string[]): Promise<void> {
  await withDatabase(data, async sql => {
    for (const statement of statements) await sql(statement)
  })
}

async function rowsOf(data: string): Promise<Map<string, number[]>> {
  const text = 'SELECT device, at_ms::DOUBLE FROM passage JOIN place ON id = place ORDER BY device, at_ms'
  const rows = (await withDatabase(data, sql => sql(text))) as [string, number][]
  const byDevice = new Map<string, number[]>()
  for (const [device, at] of rows) byDevice.set(device, [...(byDevice.get(device) ?? []), at])
  return byDevice
}
