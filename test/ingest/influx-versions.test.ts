import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../config/config.ts'
import { type InfluxSettings, readInfluxSettings } from '../../ingest/store/influx-settings.ts'
import { createInfluxStore } from '../../ingest/store/influx-store.ts'
import { createAuthority } from '../support/certificates.ts'
import { type Fault, openMeddler, type Seen } from '../support/meddler.ts'
import { someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { row } from './store-batch.ts'

/**
 * What is said to InfluxDB 2 and 3, and how their answers are taken, on a server that only answers as their
 * documentation says: https://docs.influxdata.com/influxdb/v2/api/, https://docs.influxdata.com/influxdb3/core/api/v3/
 */
async function setUp(
  settings: Partial<InfluxSettings>,
  answer: (asked: Seen) => Fault | undefined = () => undefined,
) {
  const empty = { status: 200, body: '{"results":[{"statement_id":0}]}\n' }
  const server = await openMeddler(
    undefined,
    asked => answer(asked) ?? (asked.path.includes('/query') ? empty : { status: 204 }),
  )
  const directory = await temporaryDirectory()
  const store = createInfluxStore({
    url: server.url,
    version: 1,
    database: 'doors',
    timeoutMs: 5000,
    ...settings,
    directory,
    clock: () => someMoment,
  })
  onTestFinished(() => store.close())
  return { store, seen: server.seen, directory }
}

const batch = { journal: 'j', rows: [row(1), row(2)], next: 2 }
const line = (seq: number) =>
  `passage,building=b01,device=d1,direction=in,holder=resident,journal=j,method=card,point=p1,result=granted,site=nanshe,zone=Asia/Shanghai n=1i,seq=${seq}i,receivedMs=${someMoment + 40}i ${someMoment}00000${seq}`
const positionQuery = `SELECT "seq", "from" FROM "lintel_applied" WHERE time = 4102444800000ms GROUP BY "journal"`
const v2 = { version: 2, database: 'doors', org: 'town of x', authorization: 'Token t0' } as const
const v3 = { version: 3, database: 'doors', authorization: 'Bearer t0' } as const

const exchanges: {
  title: string
  settings: Partial<InfluxSettings>
  write: string
  query: string
  asks: 'POST' | 'GET'
}[] = [
  {
    title: '1',
    settings: { authorization: 'Basic dTpw' },
    write: '/write?db=doors&precision=ns',
    query: '/query?db=doors&epoch=ms&chunked=true',
    asks: 'POST',
  },
  {
    title: '2',
    settings: v2,
    write: '/api/v2/write?org=town+of+x&bucket=doors&precision=ns',
    query: '/query?db=doors&epoch=ms&chunked=true',
    asks: 'GET',
  },
  {
    title: '2, with a bucket that is named as a database and a retention policy,',
    settings: { ...v2, database: 'doors/year' },
    write: '/api/v2/write?org=town+of+x&bucket=doors%2Fyear&precision=ns',
    query: '/query?db=doors&rp=year&epoch=ms&chunked=true',
    asks: 'GET',
  },
  {
    title: '3',
    settings: v3,
    write: '/api/v3/write_lp?db=doors&precision=nanosecond&accept_partial=false&no_sync=false',
    query: '/query?db=doors&epoch=ms&chunked=true',
    asks: 'GET',
  },
]

describe('InfluxDB', () => {
  for (const { title, settings, write, query, asks } of exchanges) {
    test(`${title} is asked for the position, sent the rows, and then the position`, async () => {
      const { store, seen } = await setUp(settings)
      await store.write(batch)
      const asked = seen.filter(({ path, body }) => !/lintel_(?:expiring|summed)/.test(path + body))
      const told = asked.map(({ method, path, headers: { authorization, 'content-type': type }, body }) => ({ method, path, authorization, type, body })) // biome-ignore format: one line
      const { authorization } = settings
      const lines = { method: 'POST', path: write, authorization, type: 'text/plain; charset=utf-8' }
      const q = new URLSearchParams({ q: positionQuery })
      expect(told).toEqual([
        asks === 'GET'
          ? { method: 'GET', path: `${query}&${q}`, authorization, type: undefined, body: '' }
          : { method: 'POST', path: query, authorization, type: 'application/x-www-form-urlencoded', body: String(q) },
        { ...lines, body: `${line(1)}\n${line(2)}\n` },
        { ...lines, body: 'lintel_applied,journal=j seq=2i 4102444800000000000\n' },
      ]) // biome-ignore format: the exchange
    })
  }

  test('is reached below the path of its URL', async () => {
    const server = await openMeddler(undefined, () => ({ status: 204 }))
    const store = createInfluxStore({ url: `${server.url}/influx/`, version: 2, database: 'b', org: 'o', timeoutMs: 5000, directory: await temporaryDirectory(), clock: () => someMoment }) // biome-ignore format: one line
    onTestFinished(() => store.close())
    await store.applied('j').catch(() => {})
    expect(server.seen[0]!.path).toMatch(/^\/influx\/query\?/)
  })

  test('is known by a CA of its own where one is given, and by no other', async () => {
    const directory = await temporaryDirectory()
    const { certFile, keyFile } = createAuthority(directory, 'ca').issue('influx')
    const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (_, response) =>
      response.end('{"results":[{}]}'),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const reached = { url, version: 2, database: 'b', org: 'o', timeoutMs: 5000, directory, clock: () => someMoment } as const // biome-ignore format: one line
    const known = createInfluxStore({ ...reached, ca: readFileSync(join(directory, 'ca.pem')) })
    const unknown = createInfluxStore(reached)
    onTestFinished(async () => void (await Promise.all([known.close(), unknown.close()])))
    expect(await known.applied('j')).toBe(0)
    await expect(unknown.applied('j')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: /certificate/,
    })
  })

  test('is asked for cells in one statement for each stretch, of which a dimension without a value is empty', async () => {
    const series = { name: 'passage', tags: { site: 'x%25', reason: null }, columns: ['time', 'count'], values: [[-28_800_000, 3]] } // biome-ignore format: one line
    for (const settings of [v2, v3]) {
      const { store, seen } = await setUp(settings, ({ path }) =>
        path.includes('count')
          ? { status: 200, body: `${JSON.stringify({ results: [{ statement_id: 0, series: [series] }] })}` }
          : undefined,
      )
      const cells = await store.cells({
        kind: 'passage',
        segments: [{ from: 0, to: 10, offsetMs: 28_800_000 }, { from: 10, to: 20, offsetMs: 0 }],
        stepMs: 86_400_000,
        by: ['site', 'reason'],
        where: { site: ["o'hara", ''], result: ['granted'] },
      }) // biome-ignore format: the question
      expect(cells).toEqual([
        { segment: 0, localStart: 0, values: ['x%', ''], count: 3, rows: 3 },
        { segment: 1, localStart: -28_800_000, values: ['x%', ''], count: 3, rows: 3 },
      ])
      expect(seen.map(({ path }) => new URLSearchParams(path).get('q'))).toEqual([
        `SELECT count("n") FROM "passage" WHERE time >= 0ms AND time < 10ms AND ("site" = 'o\\'hara' OR "site" = '') AND ("result" = 'granted') GROUP BY time(86400000ms, 57600000ms), "site", "reason" fill(none)`,
        `SELECT count("n") FROM "passage" WHERE time >= 10ms AND time < 20ms AND ("site" = 'o\\'hara' OR "site" = '') AND ("result" = 'granted') GROUP BY time(86400000ms, 0ms), "site", "reason" fill(none)`,
      ])
    }
  })

  const conflict = `input field "seq" on measurement "passage" is type integer, already exists as type float`
  const refusals: { title: string; settings: Partial<InfluxSettings>; status: number; body: object; reason: RegExp }[] = [
    { title: '2', settings: v2, status: 422, body: { code: 'unprocessable entity', message: `failure writing points to database: partial write: field type conflict: ${conflict} dropped=1` }, reason: /partial write.*dropped=1/ },
    { title: '2', settings: v2, status: 400, body: { code: 'invalid', message: "unable to parse 'x': time outside range" }, reason: /unable to parse/ },
    { title: '3', settings: v3, status: 400, body: { error: 'parsing failed for write_lp endpoint', data: { original_line: 'passage,…', line_number: 1, error_message: 'invalid column type for column' } }, reason: /parsing failed.*: invalid column type/ },
    { title: '3', settings: v3, status: 400, body: { error: 'partial write of line protocol occurred', data: [{ original_line: 'passage,…', line_number: 1, error_message: 'invalid column type' }] }, reason: /partial write.*: invalid column type/ },
  ] // biome-ignore format: a table
  for (const { title, settings, status, body, reason } of refusals) {
    test(`${title} that refuses a row with ${status} (${JSON.stringify(body).slice(0, 50)}…) gets the others`, async () => {
      const { store, seen, directory } = await setUp(settings, asked =>
        /passage.*seq=2i/.test(asked.body) ? { status, body: JSON.stringify(body) } : undefined,
      )
      await store.write({ journal: 'j', rows: [row(1), row(2), row(3), row(4)], next: 4 })
      expect((await store.stats()).rejected).toBe(1)
      const kept = JSON.parse(readFileSync(join(directory, 'rejected-lines.jsonl'), 'utf8'))
      expect(kept).toEqual({ at: '2026-11-21T08:30:00.000Z', line: line(2), reason: expect.stringMatching(reason) }) // biome-ignore format: one line
      const accepted = seen.filter(({ body: lines }) => /^passage/.test(lines) && !/seq=2i/.test(lines))
      expect(accepted.flatMap(({ body: lines }) => lines.trim().split('\n')).sort()).toEqual([line(1), line(3), line(4)]) // biome-ignore format: one line
    })
  }

  const failures: { title: string; settings: Partial<InfluxSettings>; status: number; body: object; say: RegExp }[] = [
    { title: '2', settings: v2, status: 401, body: { code: 'unauthorized', message: 'unauthorized access' }, say: /401, unauthorized access.*files/ },
    { title: '2', settings: v2, status: 404, body: { code: 'not found', message: 'bucket "doors" not found' }, say: /bucket "doors"/ },
    { title: '2', settings: v2, status: 503, body: { code: 'unavailable', message: 'unexpected error writing points to database: timeout' }, say: /503/ },
    { title: '3', settings: v3, status: 401, body: { error: 'the request was not authenticated' }, say: /401, the request was not authenticated/ },
    { title: '3', settings: v3, status: 403, body: { error: 'the request was not authorized' }, say: /403/ },
  ] // biome-ignore format: a table
  for (const { title, settings, status, body, say } of failures) {
    test(`${title} that answers ${status} is unavailable, for writes and for questions`, async () => {
      for (const of of [/write/, /query/]) {
        const { store } = await setUp(settings, ({ path }) =>
          of.test(path) ? { status, body: JSON.stringify(body) } : undefined,
        )
        await expect(store.write(batch)).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
          message: expect.stringMatching(say),
        })
      }
    })
  }

  test('3 has a database once something is written: until then it is empty', async () => {
    const missing = { status: 404, body: '{"error":"database not found: doors"}' }
    const { store } = await setUp(v3, ({ path }) => (path.startsWith('/query') ? missing : undefined))
    expect(await store.applied('j')).toBe(0)
    await store.write(batch)
  })

  test('1 that cuts its answers short, as with max-row-limit, is not believed', async () => {
    const series = { name: 'lintel_applied', columns: ['time', 'seq'], values: [[0, 5]] }
    const { store } = await setUp({}, () => ({
      status: 200,
      body: JSON.stringify({ results: [{ series: [series], partial: true }] }),
    }))
    await expect(store.applied('j')).rejects.toMatchObject({ message: /ends before its end/ })
  })
})

describe('a section store.influx', () => {
  test('is read with its secrets, which stand in files alone', async () => {
    const directory = await temporaryDirectory()
    const fileOf = (name: string, text: string) => {
      writeFileSync(join(directory, name), text)
      return join(directory, name)
    }
    const [userFile, passwordFile, tokenFile] = [fileOf('user', 'u\n'), fileOf('password', 'p:w\n'), fileOf('token', 't0\n')] // biome-ignore format: one line
    const read = (influx: object) => readInfluxSettings(parseConfig({ store: { influx } }).store.influx!)
    const url = 'http://127.0.0.1:8086'
    expect(read({ url, database: 'd', userFile, passwordFile })).toEqual({
      url, database: 'd', authorization: `Basic ${Buffer.from('u:p:w').toString('base64')}`, gzip: false, timeoutMs: 30_000, misfits: { 2: expect.stringMatching(/needs org/), 3: 'version 3 has no userFile, passwordFile' },
    }) // biome-ignore format: one line
    expect(read({ url, version: 2, org: 'o', bucket: 'b', tokenFile })).toEqual({
      url, version: 2, database: 'b', org: 'o', token: 't0', gzip: false, timeoutMs: 30_000, misfits: { 1: expect.any(String), 3: expect.any(String) },
    }) // biome-ignore format: one line
    expect(read({ url: 'https://influx.example', version: 3, database: 'd', tokenFile, timeoutS: 5 })).toEqual({
      url: 'https://influx.example', version: 3, database: 'd', token: 't0', gzip: true, timeoutMs: 5000, misfits: { 1: 'version 1 has no tokenFile', 2: expect.any(String) },
    }) // biome-ignore format: one line
    expect(() => read({ url, version: 3, database: 'd', tokenFile: '/nowhere' })).toThrow(/^store\.influx\.tokenFile cannot be read/) // biome-ignore format: one line
    expect(() => read({ url, version: 3, database: 'd', tokenFile: fileOf('empty', ' \n') })).toThrow(/is empty$/) // biome-ignore format: one line
  })
})
