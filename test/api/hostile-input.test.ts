import { expect, onTestFinished, test } from 'vitest'
import { createAlerts } from '../../alerts/book/book.ts'
import { createRuleBook } from '../../alerts/rules/rule-book.ts'
import { createAccess } from '../../api/access/access.ts'
import { createApp } from '../../api/app.ts'
import { createBackfillFiles } from '../../api/operations/backfill-files.ts'
import { createOperations } from '../../api/operations/local-operations.ts'
import { parseConfig } from '../../config/config.ts'
import { LintelError } from '../../core/errors.ts'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { createDeviceRegions } from '../../devices/registry/device-regions.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { createHolds } from '../../gateway/snapshots/holds.ts'
import { createDeletions } from '../../ingest/retention/deletions.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import { createSnapshotFake } from '../support/pictures.ts'
import { someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** A service with all its parts, of which those that need a disk or another process do nothing. */
async function serve() {
  const state = openLmdbState({ directory: await temporaryDirectory() })
  onTestFinished(() => state.close())
  const clock = () => someMoment
  const config = parseConfig({})
  const access = createAccess(state, clock, config)
  const registry = createRegistry(state)
  const device = { device: 'd1', kind: 'terminal', site: 's', building: 'b', point: 'p', zone: 'UTC' }
  await registry.enrol([device], clock())
  const faults: unknown[] = []
  const operations = createOperations({
    registry,
    journal: createMemoryJournal(clock),
    store: createMemoryStore(),
    snapshots: createSnapshotFake(),
    holds: createHolds(state),
    retention: {
      deletions: createDeletions(state),
      days: config.retention,
      startOfDay: ms => ms,
      erase: async () => [],
      pictures: async () => [],
    },
    alerts: createAlerts(state, { zoneOf: () => 'UTC', keepDays: 30 }),
    ruleBook: createRuleBook(state),
    notifier: {
      channels: () => [],
      async test(name) {
        throw new LintelError('CHANNEL_NOT_FOUND', `no channel is called ${name}`)
      },
    },
    regions: createDeviceRegions(state),
    control: {
      state: async () => ({
        listening: { tcp: { host: '127.0.0.1', port: 1 } },
        connected: 3,
        lag: { intake: 2 },
      }),
      sessions: async () => [],
      refusals: async () => [],
      knocks: async () => ({ knocks: [], dropped: 0 }),
      replay: async () => 'stored',
      drop: async () => {},
      publishAlert: async () => {},
      backfill: async rows => rows.map(() => 'stored' as const),
      metrics: async () => '',
      async trustClock() {
        throw new LintelError('CLOCK_DIFFERS', 'the clock is somewhere else')
      },
    },
    backfillFiles: createBackfillFiles(state),
    access,
    clock,
    defaultZone: 'UTC',
    minCount: 10,
  })
  return {
    ...createApp({
      operations,
      access,
      operatorToken: 'secret',
      config,
      clock,
      onError: error => faults.push(error),
    }),
    faults,
  }
}

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly pattern?: string
  readonly minimum?: number
  readonly examples?: readonly unknown[]
  readonly default?: unknown
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const routesOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )

/** What passes for each part of a request, as far as its schema tells. */
function sampleOf(schema: Schema, { components }: Document, name = ''): unknown {
  if (schema.$ref !== undefined) return sampleOf(components.schemas[schema.$ref.split('/').at(-1)!]!, { components } as Document, name) // biome-ignore format: one line
  if (name === 'from') return '2026-11-01'
  if (name === 'to') return '2026-11-02'
  if (name === 'until') return schema.type === 'integer' ? someMoment + 1000 : '2027-01-01T00:00:00Z'
  if (name === 'hash') return 'a'.repeat(64)
  if (schema.default !== undefined) return schema.default
  if (schema.enum !== undefined) return schema.enum[0]
  if (schema.examples !== undefined) return schema.examples[0]
  if (schema.anyOf !== undefined) return sampleOf(schema.anyOf[0]!, { components } as Document, name)
  if (schema.properties !== undefined)
    return Object.fromEntries(
      Object.entries(schema.properties).map(([member, each]) => [member, sampleOf(each, { components } as Document, member)]),
    ) // biome-ignore format: one thing
  if (schema.type === 'array') return [sampleOf(schema.items ?? {}, { components } as Document)]
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(schema.minimum ?? 1, 1)
  if (schema.type === 'boolean') return false
  return 'd1'
}

const long = 'x'.repeat(5000)
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const hostile: readonly unknown[] = [
  -1, 0, 1.5, 1e-320, 2 ** 31, 2 ** 32 + 1, 2 ** 53, 8.64e15, 8.64e15 + 1, 253_402_300_800_000, Number.MAX_VALUE, -Number.MAX_VALUE, true, null,
  '', ' ', long, '南'.repeat(1500), '\u0000', '\ud800', '__proto__', '../..', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z',
  '+275760-09-13T00:00:00Z', '-271821-04-20T00:00:00Z', '2026-11-31', 'NaN', 'Infinity', '1e400', '0x10', [], {}, { toString: 1 }, [[[]]],
  { length: 1e9 }, [long],
] // biome-ignore format: a list

/** Each part of a value, replaced by something else: the whole first. */
function* spoilt(value: unknown, by: unknown): Generator<unknown> {
  yield by
  if (typeof value !== 'object' || value === null) return
  for (const [name, part] of Object.entries(value))
    for (const each of spoilt(part, by))
      yield Array.isArray(value) ? value.map((old, at) => (String(at) === name ? each : old)) : { ...value, [name]: each } // biome-ignore format: one line
}

test('nothing that can be sent to any route, of any kind or size, is a fault of the service', async () => {
  const { app, openApi, faults } = await serve()
  const document = JSON.parse(JSON.stringify(openApi())) as Document
  const authorization = 'Bearer secret'
  const asked: string[] = []
  const send = async (method: string, url: string, payload?: unknown) => {
    const body = payload === undefined ? {} : { payload: JSON.stringify(payload) ?? 'null' }
    const type = payload === undefined ? {} : { 'content-type': 'application/json' }
    const answer = await app.inject({ method: method as 'GET', url, headers: { authorization, ...type }, ...body })
    asked.push(url)
    if (answer.statusCode >= 500)
      expect([method, url.slice(0, 300), String(JSON.stringify(payload)).slice(0, 300), answer.body]).toBe('an answer below 500')
  } // biome-ignore format: short
  for (const { method, path, operation } of routesOf(document)) {
    if (path === '/api/v1/alerts/live') continue
    const { parameters = [], requestBody } = operation
    const inPath = parameters.filter(each => each.in === 'path')
    const inQuery = parameters.filter(each => each.in === 'query')
    const urlOf = (change: Readonly<Record<string, string>> = {}) => {
      const filled = inPath.reduce((url, { name, schema }) => url.replace(`{${name}}`, encodeURIComponent(change[name] ?? String(sampleOf(schema, document)))), path) // biome-ignore format: one line
      const search = new URLSearchParams()
      for (const { name, schema } of inQuery) {
        const sample = change[name] ?? (schema.default === undefined && !['from', 'to', 'kind', 'measure'].includes(name) ? undefined : String(sampleOf(schema, document, name))) // biome-ignore format: one line
        if (sample !== undefined) search.set(name, sample)
      }
      return `${filled}?${search}`
    }
    const content = Object.entries(requestBody?.content ?? {})[0]
    const body = content === undefined ? undefined : sampleOf(content[1].schema, document)
    const valid = content?.[0] === 'application/json' ? body : undefined
    for (const by of hostile) {
      const text = typeof by === 'object' ? JSON.stringify(by) : String(by)
      for (const { name } of [...inPath, ...inQuery]) {
        const url = urlOf({ [name]: text.toWellFormed() })
        await send(method, url, method === 'GET' ? undefined : valid)
      }
      if (valid !== undefined) for (const each of spoilt(valid, by)) await send(method, urlOf(), each)
    }
  }
  expect(asked.length).toBeGreaterThan(3000)
  expect(faults).toEqual([])
}, 300_000)

test('a body is nested only so deep, wherever it goes', async () => {
  const { app, openApi } = await serve()
  const bodies = routesOf(openApi() as Document).filter(({ method }) => method !== 'GET')
  for (const { method, path } of bodies)
    for (const payload of [
      deep(65),
      deep(500_000),
      `{"rows":[{"event":${deep(100_000)}}]}`,
      `{"a":${'{"a":'.repeat(90)}1${'}'.repeat(90)}}`,
    ]) {
      const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' }
      const answer = await app.inject({ method: method as 'POST', url: path.replaceAll(/\{\w+\}/g, '1'), headers, payload }) // biome-ignore format: one line
      expect([path, [400, 413].includes(answer.statusCode)]).toEqual([path, true])
    }
})

test('what is nested in a text is no nesting', async () => {
  const { app } = await serve()
  const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' }
  const note = `"\\"${'['.repeat(80)}`
  const answer = await app.inject({ method: 'POST', url: '/api/v1/users', headers, payload: { name: note, role: 'admin' } }) // biome-ignore format: one line
  expect(answer.json().detail).not.toMatch(/nested/)
})

test('a parameter that no route has is refused by every route, and so is a body where none belongs', async () => {
  const { app, openApi } = await serve()
  const authorization = 'Bearer secret'
  const document = JSON.parse(JSON.stringify(openApi())) as Document
  for (const { method, path, operation } of routesOf(document)) {
    const url = path.replaceAll(/\{\w+\}/g, '1')
    const content = Object.entries(operation.requestBody?.content ?? {})[0]
    const valid =
      content?.[0] === 'application/json' ? { payload: sampleOf(content[1].schema, document) as object } : {}
    const needed =
      path.endsWith('/flow') || path.endsWith('/export') ? 'from=2026-11-01&to=2026-11-02&kind=passage&' : ''
    const given = path.endsWith('/flow') ? needed.replace('&kind=passage', '') : needed
    const answer = await app.inject({ method: method as 'GET', url: `${url}?${given}no-such=1`, headers: { authorization }, ...valid }) // biome-ignore format: one line
    const status = path === '/api/v1/devices/import' ? [400, 415] : [400]
    expect([method, path, status.includes(answer.statusCode), answer.body]).toEqual([method, path, true, expect.stringMatching(/no-such|must be one of/)]) // biome-ignore format: one line
    if (content !== undefined || method === 'GET') continue
    const withBody = await app.inject({
      method: method as 'POST',
      url,
      headers: { authorization },
      payload: { more: 1 },
    })
    expect([method, path, withBody.statusCode]).toEqual([method, path, 400])
  }
}, 60_000)
