import { describe, expect, onTestFinished, test } from 'vitest'
import type { InfluxSettings } from '../../ingest/store/influx-settings.ts'
import { createInfluxStore } from '../../ingest/store/influx-store.ts'
import { describeInfluxd, settingsFor } from '../support/influxd.ts'
import { type Fault, openMeddler, type Seen } from '../support/meddler.ts'
import { someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { row } from './store-batch.ts'

const batch = { journal: 'j', rows: [row(1), row(2)], next: 2 }
const empty = { status: 200, body: '{"results":[{"statement_id":0}]}\n' }
const json = (status: number, body: object): Fault => ({ status, body: JSON.stringify(body) })

/** A server that only answers as the documentation of a version says. */
async function setUp(answer: (asked: Seen) => Fault | undefined, settings: Partial<InfluxSettings> = {}) {
  const server = await openMeddler(undefined, asked => answer(asked) ?? (asked.path.startsWith('/query') ? empty : { status: 204 })) // biome-ignore format: one line
  const store = createInfluxStore({
    url: server.url, database: 'doors', timeoutMs: 5000, directory: await temporaryDirectory(), clock: () => someMoment, ...settings,
  }) // biome-ignore format: one line
  onTestFinished(() => store.close())
  return { store, seen: server.seen, posts: () => server.seen.filter(({ path }) => /write/.test(path)) }
}

describe('an InfluxDB of a version that nobody has said', () => {
  const told: { title: string; ping: Fault; health?: Fault; path: RegExp; authorization: string }[] = [
    { title: '1, by the header of its ping', ping: { status: 204, headers: { 'x-influxdb-version': '1.8.10' } }, path: /^\/write/, authorization: 'Token t0' },
    { title: '2, by the header of its ping', ping: { status: 204, headers: { 'x-influxdb-version': 'v2.7.6' } }, path: /^\/api\/v2\/write/, authorization: 'Token t0' },
    { title: '2, by its health, behind a proxy that takes headers away', ping: { status: 204 }, health: json(200, { name: 'influxdb', status: 'pass', version: 'v2.7.6' }), path: /^\/api\/v2\/write/, authorization: 'Token t0' },
    { title: '3, by the body of its ping', ping: json(200, { version: '3.1.0', revision: 'abc', process_id: 'x' }), path: /^\/api\/v3\/write_lp/, authorization: 'Bearer t0' },
  ] // biome-ignore format: a table
  for (const { title, ping, health, path, authorization } of told) {
    test(`is taken for ${title}, which is asked once`, async () => {
      const { store, seen, posts } = await setUp(
        asked => (asked.path === '/ping' ? ping : asked.path === '/health' ? health : undefined),
        { org: 'o', token: 't0' },
      )
      await store.write(batch)
      await store.applied('k')
      expect(posts()[0]!.path).toMatch(path)
      expect(posts()[0]!.headers.authorization).toBe(authorization)
      expect(seen.filter(({ path }) => path === '/ping')).toHaveLength(1)
    })
  }

  test('is unavailable, and says what to set, as long as that is not clear', async () => {
    let isThere = false
    const { store } = await setUp(({ path }) =>
      path === '/ping' && isThere ? { status: 204, headers: { 'x-influxdb-version': '1.6.7' } } : path === '/health' ? json(200, { status: 'pass' }) : undefined,
    ) // biome-ignore format: one line
    await expect(store.write(batch)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/does not tell its version .*set store\.influx\.version/),
    })
    isThere = true
    await store.write(batch)
  })

  test('is unavailable where it is not of the version that the configuration is for', async () => {
    const { store } = await setUp(() => ({ status: 204, headers: { 'x-influxdb-version': '2.7.1' } }), { misfits: { 2: 'version 2 needs org, bucket, tokenFile' } }) // biome-ignore format: one line
    await expect(store.applied('j')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/server is of version 2, and version 2 needs org, bucket, tokenFile/),
    })
  })
})

describe('a bucket of version 2 that is not there', () => {
  const v2 = { version: 2, org: 'town of x', token: 't0' } as const
  const missing = json(404, { code: 'not found', message: 'bucket "doors" not found' })

  for (const place of ['/query', '/api/v2/write']) {
    test(`is made where the token may, told by ${place}`, async () => {
      let isMade = false
      const { store, seen, posts } = await setUp(({ path, body }) => {
        if (path.startsWith('/api/v2/orgs')) return json(200, { orgs: [{ id: '0a1b', name: 'town of x' }] })
        if (path === '/api/v2/buckets') {
          isMade = true
          return json(201, { id: 'b', ...JSON.parse(body) })
        }
        return path.startsWith(place) && !isMade ? missing : undefined
      }, v2)
      await store.write(batch).catch(() => store.write(batch))
      const asked = seen.filter(({ path }) => /orgs|buckets/.test(path))
      expect(asked.map(({ path }) => path)).toEqual(['/api/v2/orgs?org=town+of+x', '/api/v2/buckets'])
      expect(asked.every(({ headers }) => headers.authorization === 'Token t0')).toBe(true)
      expect(JSON.parse(asked[1]!.body)).toEqual({ orgID: '0a1b', name: 'doors', retentionRules: [] })
      expect(posts().at(-1)!.body).toMatch(/^lintel_applied/)
    })
  }

  test('is told how to make where the token may not', async () => {
    const { store } = await setUp(({ path }) => {
      if (path.startsWith('/api/v2/orgs'))
        return json(403, { code: 'forbidden', message: 'insufficient permissions' })
      return path.startsWith('/query') ? missing : undefined
    }, v2)
    await expect(store.write(batch)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(
        /insufficient permissions.*influx bucket create --org "town of x" --name "doors" --retention 0/,
      ),
    })
  })
})

describe('rows that are to go', () => {
  const expiry = { kind: 'passage', before: someMoment, of: { site: 'x"\\y', device: 'd1' } } as const
  const oldest = json(200, { results: [{ series: [{ name: 'passage', columns: ['time', 'first'], values: [[someMoment - 5, 1]] }] }] }) // biome-ignore format: one line

  test('are deleted from version 2 by a predicate, whose end is part of it', async () => {
    const { store, seen } = await setUp(({ path }) => (path.includes('first') ? oldest : undefined), {
      version: 2,
      org: 'o',
      token: 't0',
    })
    await store.expire(expiry)
    const asked = seen.filter(({ path }) => path.startsWith('/api/v2/delete'))
    expect(asked.map(({ path }) => path)).toEqual(['/api/v2/delete?org=o&bucket=doors'])
    expect(JSON.parse(asked[0]!.body)).toEqual({
      start: '1970-01-01T00:00:00.000000000Z',
      stop: '2026-11-21T08:29:59.999999999Z',
      predicate: '_measurement="passage" AND "site"="x\\"%5Cy" AND "device"="d1"',
    })
  })

  test('cannot be deleted from version 3, which is said', async () => {
    const { store } = await setUp(({ path }) => (path.includes('first') ? oldest : undefined), { version: 3 })
    await expect(store.expire(expiry)).rejects.toMatchObject({ code: 'RETENTION_UNSUPPORTED' })
  })
})

describeInfluxd('an InfluxDB that is far away', influxd => {
  test('is sent its rows compressed, and has them all', async () => {
    const meddler = await openMeddler(influxd().url, () => undefined)
    const { version: _, ...settings } = settingsFor(influxd().url)
    const far = { ...settings, directory: await temporaryDirectory(), clock: Date.now }
    const [store, watched] = [createInfluxStore({ ...far, gzip: true }), createInfluxStore({ ...far, url: meddler.url, gzip: true })] // biome-ignore format: one line
    onTestFinished(async () => void (await Promise.all([store.close(), watched.close()])))
    const rows = Array.from({ length: 5000 }, (_, i) => row(i + 1))
    await store.write({ journal: 'j', rows, next: 5000 })
    expect(await store.countByDevice('j', 5000)).toEqual(new Map([['d1', 5000]]))
    // One that reads text sees none of it.
    await watched.write({ journal: 'k', rows, next: 5000 }).catch(() => {})
    const [first] = meddler.seen.filter(({ path }) => path.startsWith('/write'))
    expect(first!.headers).toMatchObject({ 'content-encoding': 'gzip' })
    expect(Number(first!.headers['content-length'])).toBeLessThan(100_000)
  })
})
