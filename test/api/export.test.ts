import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { parse } from 'csv-parse/sync'
import { expect, onTestFinished, test } from 'vitest'
import { createApiHttp } from '../../api/guard.ts'
import { createExportOperations } from '../../api/operations/export-operations.ts'
import type { Operations } from '../../api/operations/operations.ts'
import { createRemoteExport } from '../../api/operations/remote-export.ts'
import { addExportRoutes } from '../../api/routes/export-routes.ts'
import { addFlowRoutes } from '../../api/routes/flow-routes.ts'
import { createTurns } from '../../api/turns.ts'
import type { Viewer } from '../../api/viewer.ts'
import { LintelError } from '../../core/errors.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { ScanBatch, ScanQuery } from '../../ingest/store/scan.ts'
import type { Store } from '../../ingest/store/store.ts'
import { batchOf, columns, gather } from '../flow/export-table.ts'
import { place, row } from '../ingest/store-batch.ts'
import { eventually } from '../support/eventually.ts'
import { passage, someMoment } from '../support/records.ts'

const generous = { atOnce: 9, ofOne: 9, keptForStaff: 0, waitingOfOne: 9, waiting: 9, waitMs: 1000 }
const admin: Viewer = { as: 'account', name: 'a', role: 'admin' }
const day = { from: '2026-11-21', to: '2026-11-22' }

async function serve(store: Pick<Store, 'scan'>, viewer: Viewer = admin) {
  const exportsOf = createExportOperations({ store: store as Store, defaultZone: 'Asia/Shanghai' })
  const app = createApiHttp({
    identify: async ({ headers }) => ({
      viewer: { ...viewer, name: String(headers['x-name'] ?? viewer.name) },
      byCookie: false,
    }),
  })
  addExportRoutes(app, asking => exportsOf(asking) as unknown as Operations)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())
  const get = (search: object, name = 'a'): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const query = new URLSearchParams({ kind: 'passage', ...day, ...search })
      request(`${url}/api/v1/export?${query}`, { headers: { 'x-name': name } }, resolve)
        .on('error', reject)
        .end()
    })
  return { get, exportRows: createRemoteExport({ url, token: 't' }) }
}

async function filled(rows = 5): Promise<Store> {
  const store = createMemoryStore()
  const all = Array.from({ length: rows }, (_, i) =>
    row(i + 1, passage({ at: someMoment + i }), place(i % 2, { site: i % 2 === 0 ? '南社' : 'n2' })),
  )
  await store.write({ journal: 'j', rows: all, next: rows })
  return store
}

const textOf = async (answer: AsyncIterable<Uint8Array>) => (await gather(answer)).toString()

/** A store whose batches are made one by one, and which says how far it has got. */
function endless(change: { fail?: number } = {}) {
  const seen = { batches: 0, ended: 0, signals: [] as AbortSignal[] }
  async function* batches(signal: AbortSignal | undefined): AsyncGenerator<ScanBatch> {
    try {
      for (;;) {
        signal?.throwIfAborted()
        seen.batches++
        if (change.fail !== undefined && seen.batches % change.fail === 0)
          throw new LintelError('STORE_UNAVAILABLE', 'the disk is gone')
        yield batchOf(Array.from({ length: 5000 }, (_, i) => [someMoment + i, '南社', true, i, i / 2]))
      }
    } finally {
      seen.ended++
    }
  }
  const scan = async ({ signal }: ScanQuery) => {
    seen.signals.push(signal!)
    return { columns, expected: 1e9, batches: batches(signal) }
  }
  return { store: { scan }, seen }
}

test('an export is a file, and its trailers say how many rows it has and where to go on', async () => {
  const { get } = await serve(await filled())
  const answer = await get({ columns: 'time,site', site: '南社' })
  expect(await textOf(answer)).toBe(
    'time,site\r\n2026-11-21T16:30:00.000+08:00,南社\r\n2026-11-21T16:30:00.002+08:00,南社\r\n2026-11-21T16:30:00.004+08:00,南社\r\n',
  )
  expect(answer.headers).toMatchObject({
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': 'attachment; filename="passage-2026-11-21.csv"',
    'lintel-expected': '3',
    trailer: 'Lintel-Rows, Lintel-Cursor',
  })
  expect(answer.trailers).toEqual({ 'lintel-rows': '3', 'lintel-cursor': expect.any(String) })
})

test('parts that go on from the cursors of those before are the whole', async () => {
  const { exportRows } = await serve(await filled(12_000))
  for (const format of ['csv', 'jsonl']) {
    const whole = await textOf((await exportRows({ kind: 'passage', ...day, format })).bytes)
    let text = ''
    let cursor: string | undefined
    for (let rows = 1, parts = 0; rows > 0; parts++) {
      const part = await exportRows({ kind: 'passage', ...day, format, cursor, limit: 1 })
      text += await textOf(part.bytes)
      ;({ rows, cursor } = part.progress())
      expect(parts).toBeLessThan(5)
    }
    expect(text).toBe(whole)
  }
  const whole = await textOf((await exportRows({ kind: 'passage', ...day, format: 'csv' })).bytes)
  expect(parse(whole, { columns: true })).toHaveLength(12_000)
})

const refused: [title: string, search: object, reason: string][] = [
  ['a kind that there is not', { kind: 'person' }, 'kind'],
  ['a format that there is not', { format: 'xls' }, 'format'],
  ['a column that the kind has not', { columns: 'time,speedKmh' }, 'columns must be one of time, received'],
  ['a column twice', { columns: 'time,time' }, 'each once'],
  ['a time that is none', { from: 'yesterday' }, 'from must be a date'],
  ['an end before its beginning', { from: '2026-11-23' }, 'from must be before to'],
  ['a zone that is none', { zone: 'Mars/Base' }, 'zone must be'],
  ['a filter that is misspelt', { sites: 'x' }, 'a filter must be one of site, building, point, device'],
]
test.each(refused)('%s is refused, naming it', async (_, search, reason) => {
  const { get } = await serve(await filled())
  const answer = await get(search)
  expect([answer.statusCode, JSON.parse(await textOf(answer))]).toEqual([
    400,
    expect.objectContaining({ code: 'API_REQUEST_INVALID', detail: expect.stringContaining(reason) }),
  ])
})

test('an analyst gets no rows, and is told what there is instead', async () => {
  const { exportRows } = await serve(await filled(), { ...admin, role: 'analyst' })
  await expect(exportRows({ kind: 'passage', ...day, format: 'csv' })).rejects.toMatchObject({
    code: 'API_FORBIDDEN',
    message: expect.stringContaining('lintel flow --format'),
  })
})

test('a duty room gets rows of its own sites', async () => {
  const { exportRows } = await serve(await filled(), { ...admin, role: 'duty', sites: ['n2'] })
  const ask = { kind: 'passage', ...day, format: 'csv', columns: ['site'] }
  expect(await textOf((await exportRows(ask)).bytes)).toBe('site\r\nn2\r\nn2\r\n')
  await expect(exportRows({ ...ask, where: { site: ['南社'] } })).rejects.toMatchObject({
    code: 'API_FORBIDDEN',
  })
  expect(await textOf((await exportRows({ ...ask, where: { device: ['d0'] } })).bytes)).toBe('site\r\n')
})

test('one that the database cuts short ends in an error, not as a shorter file', async () => {
  const { store } = endless({ fail: 3 })
  const { exportRows } = await serve(store)
  for (const format of ['csv', 'parquet']) {
    const exported = await exportRows({ kind: 'passage', ...day, format })
    await expect(gather(exported.bytes)).rejects.toMatchObject({ code: 'API_UNAVAILABLE' })
    expect(exported.progress().rows).toBe(0)
  }
})

test('nothing is read ahead of a client that is slow, and its going ends the query', async () => {
  const { store, seen } = endless()
  const { get } = await serve(store)
  const answer = await get({ format: 'jsonl' })
  await once(answer, 'readable')
  answer.pause()
  let before = -1
  // It stands still once what is between is full.
  await eventually(async () => {
    const moved = seen.batches !== before
    before = seen.batches
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(moved || seen.batches !== before).toBe(false)
  })
  expect(seen.batches).toBeLessThan(50)
  answer.destroy()
  await eventually(() => expect([seen.ended, seen.signals[0]!.aborted]).toEqual([1, true]))
})

test('four are made at once, another is told to wait, and takes the place of one that is gone', async () => {
  const { store, seen } = endless()
  const { get } = await serve(store)
  const answers = await Promise.all(['a', 'a', 'b', 'b'].map(name => get({ format: 'arrow' }, name)))
  const fifth = await get({}, 'c')
  expect(Number(fifth.headers['retry-after'])).toBeGreaterThan(0)
  expect([fifth.statusCode, JSON.parse(await textOf(fifth)).code]).toEqual([503, 'EXPORT_BUSY'])
  answers[0]!.destroy()
  await eventually(() => expect(seen.ended).toBe(1))
  const sixth = await get({})
  expect(sixth.statusCode).toBe(200)
  for (const answer of [...answers, sixth]) answer.destroy()
  await eventually(() => expect(seen.ended).toBe(5))
})

test('two are made at once for one account, and there is room for others', async () => {
  const { store, seen } = endless()
  const { get } = await serve(store)
  const answers = await Promise.all([1, 2].map(() => get({ format: 'arrow' })))
  const third = await get({})
  expect([third.statusCode, JSON.parse(await textOf(third)).code]).toEqual([503, 'EXPORT_BUSY'])
  const other = await get({ format: 'arrow' }, 'b')
  expect(other.statusCode).toBe(200)
  for (const answer of [...answers, other]) answer.destroy()
  await eventually(() => expect(seen.ended).toBe(3))
})

test('an answer of flow comes as a file, too, for who may see no rows', async () => {
  const app = createApiHttp({
    identify: async () => ({ viewer: { ...admin, role: 'analyst' }, byCookie: false }),
  })
  const asked: unknown[] = []
  const flow = async (question: unknown) => {
    asked.push(question)
    const rows = [{ start: '2026-11-21T00:00:00+08:00', values: ['南社'], count: null, hidden: 1 }]
    const suppression = { minCount: 10, until: '2026-11-21T00:00:00+08:00' }
    return { measure: 'passages', unit: 'count', zone: 'Asia/Shanghai', by: ['site'], rows, suppression }
  }
  addFlowRoutes(app, () => ({ flow }) as unknown as Operations, createTurns(generous))
  onTestFinished(() => app.close())
  const url = '/api/v1/flow?from=2026-11-21&to=2026-11-22&zone=Asia/Shanghai&by=site'
  const csv = await app.inject(`${url}&format=csv`)
  const marked = await app.inject(`${url}&format=csv&bom=1`)
  expect(marked.body).toBe(`\ufeff${csv.body}`)
  expect([csv.headers['content-type'], csv.body]).toEqual([
    'text/csv; charset=utf-8',
    'start,site,passages,hidden\r\n2026-11-21T00:00:00.000+08:00,南社,,1\r\n',
  ])
  expect((await app.inject(`${url}&format=parquet`)).rawPayload.subarray(0, 4).toString()).toBe('PAR1')
  expect((await app.inject(`${url}&format=xls`)).statusCode).toBe(400)
  expect(asked).toMatchObject([{ where: {} }, { where: {} }, { where: {} }])
})
