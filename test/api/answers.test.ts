import Type, { type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { expect, test } from 'vitest'
import { createAlerts } from '../../alerts/book/book.ts'
import { alertId } from '../../alerts/book/lifecycle.ts'
import { createAccess } from '../../api/access/access.ts'
import { createApp } from '../../api/app.ts'
import { createBackfillFiles } from '../../api/operations/backfill-files.ts'
import { createOperations } from '../../api/operations/local-operations.ts'
import { parseConfig } from '../../config/config.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { standsAt } from '../../devices/registry/device.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import { noPictures } from '../support/pictures.ts'
import { item, parkedItem, someMoment } from '../support/records.ts'

interface Document {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
  >
  components: { schemas: Record<string, object> }
}

/** An API over real parts that have something of everything. */
async function townApi() {
  const config = parseConfig({})
  const clock = () => someMoment
  const state = createMemoryState()
  const registry = createRegistry(state)
  const journal = createMemoryJournal(clock)
  const access = createAccess(state, clock, config)
  const pictures = await noPictures()
  const device = {
    device: 'd1',
    kind: 'terminal',
    site: '南社',
    building: 'b',
    point: 'p',
    zone: 'UTC',
    household: true,
  }
  await registry.enrol(
    [device, { ...device, device: 'd2', kind: 'checkpoint', household: false }],
    someMoment,
  )
  await journal.append('d1', [item('a'), parkedItem({ reason: 'why', payload: { a: 1 } })])
  pictures.snapshots.add(
    {
      device: 'd1',
      event: 'a',
      at: 3,
      place: standsAt(registry.get('d1')!),
      urgent: true,
      position: 1,
      restedAt: 4,
      bytes: 2,
    },
    Buffer.from('jpeg'),
  )
  await pictures.holds.hold({ device: 'd1', event: 'a' }, { at: 1, until: 9, reason: 'why' })
  await pictures.regions.set('d1', { zone: [[0, 0], [1, 0], [0, 1]] }) // biome-ignore format: corners
  await access.accounts.add({ name: 'wang', role: 'duty', sites: ['南社'] }, someMoment)
  await access.tokens.create({ name: 't', role: 'analyst' }, 1, someMoment)
  await access.audit.append({ as: 'nobody', who: '', action: 'sign-in.failed', target: '', address: '::1' })
  const alerts = createAlerts(state, { zoneOf: () => 'UTC', keepDays: 30 })
  await state.transact(() => alerts.record(someFindings, someMoment))
  const operations = createOperations({
    alerts,
    notifier: {
      channels: () => [
        {
          name: '值班室',
          kind: 'webhook',
          waiting: 1,
          oldestAt: 1,
          sent: 2,
          failed: 3,
          undelivered: 4,
          sentAt: 5,
          fault: 'x',
          faultAt: 6,
          retryAt: 7,
          quietUntil: 8,
        },
      ],
      test: async () => ({ delivered: true }),
    },
    registry,
    journal,
    store: createMemoryStore(),
    ...pictures,
    control: {
      state: async () => ({
        listening: { tcp: { host: '127.0.0.1', port: 1 } },
        connected: 3,
        lag: { intake: 2 },
      }),
      sessions: async () => [{ device: 'd1', connectedAt: 7, address: '::1' }],
      refusals: async () => [{ at: 2, device: 'd1', code: 'EVENT_INVALID', reason: 'why', address: '::1' }],
      knocks: async () => ({ knocks: [], dropped: 0 }),
      replay: async () => 'stored',
      drop: async () => {},
      publishAlert: async () => {},
      backfill: async () => [],
      trustClock: async () => ({ state: 'sure', at: 0, systemAt: 0 }),
      metrics: async () => '',
    },
    service: {
      pid: 7,
      startedAt: someMoment,
      url: () => 'http://127.0.0.1:8080',
      recent: { sample() {}, view: () => ({ records: 5, forMs: 60_000 }) },
      disk: async () => ({ freeBytes: 9, reserveBytes: 3 }),
      restarts: () => ({ ingest: { ended: 1, hung: 0 } }),
      configured: { taggerWorkers: 1, taggerMaxBacklog: 500, uplink: false },
    },
    backfillFiles: createBackfillFiles(state),
    access,
    clock,
    defaultZone: 'UTC',
    minCount: 10,
  })
  return createApp({ operations, access, operatorToken: 'secret', config, clock })
}

const finding = {
  rule: 'door-held',
  kind: 'raised',
  severity: 'warning',
  place: { site: '南社', building: 'b', point: 'p' },
  cause: 'held@1',
  occurredAt: someMoment,
  receivedAt: someMoment,
  parts: { openS: 90, word: 'in' },
} as const
const someFindings = [finding, { ...finding, kind: 'cleared', ending: 'over' }] as const
const alert = alertId(finding)

const urls = [
  'GET /alerts?limit=1',
  `GET /alerts/{id} ${alert}`,
  `POST /alerts/{id}/comment ${alert} {"note":"seen"}`,
  `POST /alerts/{id}/resolve ${alert} {"outcome":"real"}`,
  'GET /alerts/report',
  'POST /snoozes {"why":"maintenance","place":{"device":"d1"},"until":"2099-01-01T00:00:00Z","from":"2098-12-31T00:00:00Z"}',
  'GET /snoozes',
  'GET /channels',
  'GET /health',
  'GET /overview',
  'GET /me',
  'GET /points',
  'GET /devices',
  'GET /devices/{device} d1',
  'GET /devices/{device}/regions d1',
  'GET /devices/{device}/regions d2',
  'GET /ledger',
  'GET /flow?from=2026-11-21&to=2026-11-23&every=1d&zone=UTC&by=site&compare=1d&share=true&top=1',
  'GET /snapshots',
  'GET /snapshots/{device}/{event} d1 a',
  'GET /parked',
  'GET /parked/{key} 1',
  'POST /parked/{key}/replay 1',
  'GET /users',
  'GET /tokens',
  'GET /audit',
  'GET /audit/verify',
  'POST /invitations {}',
  'POST /users {"name":"li","role":"admin"}',
  'POST /tokens {"name":"li","role":"admin"}',
  'POST /devices {"device":"d3","kind":"terminal","site":"s","building":"b","point":"p"}',
  'POST /devices/{device}/rotate d1',
]

/** Nothing may be in an answer that is not told of. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]))
  const isObject = 'properties' in members && !('additionalProperties' in members)
  return isObject ? { ...members, additionalProperties: false } : members
}

test('every answer is what the OpenAPI document says it is, and nothing more', async () => {
  const { app, openApi } = await townApi()
  const document = JSON.parse(JSON.stringify(openApi())) as Document
  const { schemas } = document.components
  const inline = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value), (_, member) => {
      const name = /^#\/components\/schemas\/(\w+)$/.exec(member?.$ref ?? '')?.[1]
      return name === undefined ? member : inline(schemas[name])
    })
  for (const each of urls) {
    const [method, path, ...given] = each.split(' ') as ['GET', string, ...string[]]
    const [pattern, query = ''] = path.split('?')
    const body = given.find(text => text.startsWith('{'))
    const values = given.filter(text => text !== body)
    const url = pattern!.replaceAll(/\{\w+\}/g, () => values.shift()!)
    const answer = await app.inject({
      method,
      url: `/api/v1${url}?${query}`,
      headers: {
        authorization: 'Bearer secret',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { payload: body }),
    })
    const told = document.paths[`/api/v1${pattern}`]![method.toLowerCase()]!.responses[answer.statusCode]
    const schema = told?.content?.['application/json']?.schema
    expect(schema, `${each} answered ${answer.statusCode}: ${answer.body}`).toBeDefined()
    const validator = Compile(Type.Unsafe(closed(inline(schema)) as TSchema))
    expect(validator.Errors(answer.json()), each).toEqual([])
  }
})
