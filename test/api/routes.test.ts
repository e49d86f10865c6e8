import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Operations } from '../../api/operations/operations.ts'
import { createRemoteOperations } from '../../api/operations/remote-operations.ts'
import { LintelError } from '../../core/errors.ts'
import type { Problem } from '../../core/http.ts'
import { version } from '../../core/version.ts'
import { apiOver } from '../support/api.ts'

/** Answers each operation with its own name and what it was given; or throws `fault`. */
let calls: unknown[][] = []
let failure: LintelError | undefined
const operations = new Proxy({} as Operations, {
  get:
    (_, name: string) =>
    async (...given: unknown[]) => {
      calls.push([name, ...given])
      if (failure !== undefined) throw failure
      if (name === 'rotateToken') return 'new token'
      if (name === 'replayParked') return 'stored'
      if (name === 'regions') return { zone: [] }
      if (name === 'readSnapshot' || name === 'readOriginal') return Buffer.from('jpeg')
      if (name === 'addDevice') return { outcome: (given[0] as { outcome?: string })?.outcome ?? 'enrolled' }
      return answerOf(name)
    },
})
/** One for all: to make it takes half a second. */
const app = apiOver(operations)

/** Its operations are called anew, and fail if that is said. */
function serve(fault?: LintelError) {
  calls = []
  failure = fault
  return { app, calls }
}

const authorization = 'Bearer secret'
const flow = { measure: 'passages', from: '2026-11-21', to: '2026-11-22', zone: 'UTC' }
const flowUrl = (change: object = {}) => `/flow?${new URLSearchParams({ ...flow, ...change })}`

interface Case {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  url: string
  body?: { type: string; text: string }
  call: unknown[]
  status?: number
  answer?: unknown
}
/** Rows of flow are written in pieces. */
const answerOf = (name: string) => ({ answer: name, ...(name === 'flow' ? { rows: [] } : {}) })
const json = (value: unknown) => ({ type: 'application/json', text: JSON.stringify(value) })

const cases: Case[] = [
  { method: 'GET', url: '/points', call: ['listPoints'] },
  { method: 'GET', url: '/devices', call: ['listDevices'] },
  {
    method: 'POST',
    url: '/devices',
    body: json({ device: 'd1' }),
    call: ['addDevice', { device: 'd1' }],
    status: 201,
    answer: { outcome: 'enrolled' },
  },
  {
    method: 'POST',
    url: '/devices',
    body: json({ outcome: 'moved' }),
    call: ['addDevice', { outcome: 'moved' }],
    status: 200,
    answer: { outcome: 'moved' },
  },
  {
    method: 'POST',
    url: '/devices/announce',
    body: json({ gateway: 'edge-1', device: 'd1' }),
    call: ['announceDevice', { gateway: 'edge-1', device: 'd1' }],
  },
  {
    method: 'POST',
    url: '/devices/import',
    body: { type: 'text/csv', text: 'a,b\r\n南社' },
    call: ['importDevices', 'a,b\r\n南社', { dryRun: false }],
  },
  {
    method: 'POST',
    url: '/devices/import',
    body: { type: 'text/csv; charset=utf-8', text: 'a' },
    call: ['importDevices', 'a', { dryRun: false }],
  },
  // The empty text is refused as a file, like any other that has no header.
  { method: 'POST', url: '/devices/import?dryRun=true', call: ['importDevices', '', { dryRun: true }] },
  { method: 'DELETE', url: '/devices/d1?force=true', call: ['removeDevice', 'd1', { force: true }] },
  { method: 'GET', url: '/devices/d-1_X', call: ['showDevice', 'd-1_X'] },
  { method: 'POST', url: '/devices/d1/rotate', call: ['rotateToken', 'd1'], answer: { token: 'new token' } },
  { method: 'POST', url: '/devices/d1/enable', call: ['setEnabled', 'd1', true], status: 204 },
  { method: 'POST', url: '/devices/d1/disable', call: ['setEnabled', 'd1', false], status: 204 },
  { method: 'GET', url: flowUrl(), call: ['flow', { ...flow, by: [], where: {} }] },
  {
    method: 'GET',
    url: flowUrl({ file: 'parquet' }),
    call: ['flow', { ...flow, by: [], where: {} }, 'parquet'],
  },
  {
    method: 'GET',
    url: flowUrl({ every: '1d', by: 'site,direction' }),
    call: ['flow', { ...flow, every: '1d', by: ['site', 'direction'], where: {} }],
  },
  {
    method: 'GET',
    url: flowUrl({ from: '2026-11-21T08:00:00+08:00' }),
    call: ['flow', { ...flow, from: '2026-11-21T08:00:00+08:00', by: [], where: {} }],
  },
  { method: 'GET', url: '/ledger', call: ['ledger'] },
  { method: 'GET', url: '/snapshots', call: ['listSnapshots', { limit: 100 }] },
  {
    method: 'GET',
    url: '/snapshots?device=d1&from=5&to=9&limit=2&after=7/d1/e:1',
    call: [
      'listSnapshots',
      { device: 'd1', from: 5, to: 9, limit: 2, after: { at: 7, device: 'd1', event: 'e:1' } },
    ],
  },
  { method: 'GET', url: '/snapshots/d1/e1', call: ['showSnapshot', { device: 'd1', event: 'e1' }] },
  {
    method: 'PUT',
    url: '/snapshots/d1/e1/hold',
    body: json({ until: 5, reason: 'why' }),
    call: ['holdSnapshot', { device: 'd1', event: 'e1' }, { until: 5, reason: 'why' }],
    status: 204,
  },
  {
    method: 'DELETE',
    url: '/snapshots/d1/e1/hold',
    call: ['releaseSnapshot', { device: 'd1', event: 'e1' }],
    status: 204,
  },
  { method: 'GET', url: '/devices/d1/regions', call: ['regions', 'd1'], answer: { regions: { zone: [] } } },
  {
    method: 'PUT',
    url: '/devices/d1/regions',
    body: json({ mask: [] }),
    call: ['setRegions', 'd1', { mask: [] }],
    status: 204,
  },
  { method: 'DELETE', url: '/devices/d1/regions', call: ['setRegions', 'd1', undefined], status: 204 },
  { method: 'GET', url: '/parked', call: ['listParked', 100] },
  { method: 'GET', url: '/parked?limit=7', call: ['listParked', 7] },
  { method: 'GET', url: '/parked/3', call: ['showParked', 3] },
  { method: 'POST', url: '/parked/3/replay', call: ['replayParked', 3], answer: { outcome: 'stored' } },
  { method: 'DELETE', url: '/parked/3', call: ['dropParked', 3], status: 204 },
  { method: 'GET', url: '/users', call: ['listUsers'] },
  {
    method: 'POST',
    url: '/users',
    body: json({ name: '王芳', role: 'duty', sites: ['南社'] }),
    call: ['addUser', { name: '王芳', role: 'duty', sites: ['南社'] }],
    status: 201,
  },
  { method: 'POST', url: '/invitations', body: json({}), call: ['inviteUser', undefined], status: 201 },
  { method: 'POST', url: '/invitations', body: json({ name: 'a' }), call: ['inviteUser', 'a'], status: 201 },
  { method: 'POST', url: '/users/a/enable', call: ['setUserEnabled', 'a', true], status: 204 },
  { method: 'POST', url: '/users/a/disable', call: ['setUserEnabled', 'a', false], status: 204 },
  { method: 'DELETE', url: '/users/a', call: ['removeUser', 'a'], status: 204 },
  { method: 'GET', url: '/tokens', call: ['listTokens'] },
  {
    method: 'POST',
    url: '/tokens',
    body: json({ name: 'grafana', role: 'analyst' }),
    call: ['createToken', { name: 'grafana', role: 'analyst', days: 90 }],
    status: 201,
  },
  { method: 'DELETE', url: '/tokens/grafana', call: ['revokeToken', 'grafana'], status: 204 },
  { method: 'GET', url: '/audit', call: ['listAudit', { limit: 100 }] },
  { method: 'GET', url: '/audit?after=7&limit=2', call: ['listAudit', { after: 7, limit: 2 }] },
  { method: 'GET', url: '/retention', call: ['retention'] },
  { method: 'GET', url: '/retention/overdue', call: ['verifyRetention'] },
  { method: 'GET', url: '/status', call: ['status'] },
  { method: 'GET', url: '/overview', call: ['overview'] },
  { method: 'POST', url: '/clock/trust', body: json({ at: 5 }), call: ['trustClock', { at: 5 }] },
  { method: 'POST', url: '/retention/held/passage/allow', call: ['allowDeletion', 'passage'] },
  { method: 'GET', url: '/retention/deletions?after=3', call: ['listDeletions', { after: 3, limit: 100 }] },
  {
    method: 'POST',
    url: '/retention/erasures',
    body: json({ of: { device: 'd1' }, before: 5 }),
    call: ['eraseRows', { of: { device: 'd1' }, before: 5 }],
  },
  {
    method: 'GET',
    url: '/snapshots/d1/e1/picture',
    call: ['readSnapshot', { device: 'd1', event: 'e1' }],
    answer: 'jpeg',
  },
  {
    method: 'GET',
    url: '/snapshots/d1/e1/original',
    call: ['readOriginal', { device: 'd1', event: 'e1' }],
    answer: 'jpeg',
  },
  { method: 'GET', url: '/audit/verify', call: ['verifyAudit', undefined] },
  { method: 'GET', url: '/audit/verify?noted=3%3Aabc', call: ['verifyAudit', '3:abc'] },
]

const ask = ({ method, url, body }: Case, headers: Record<string, string> = { authorization }) => ({
  method,
  url: `/api/v1${url}`,
  headers: { ...headers, ...(body === undefined ? {} : { 'content-type': body.type }) },
  ...(body === undefined ? {} : { payload: body.text }),
})

describe('the API', () => {
  for (const asked of cases) {
    const { method, url, call, status = 200, answer } = asked
    describe(`at ${method} ${url}`, () => {
      test(`answers ${status} with what ${call[0]} does`, async () => {
        const { app, calls } = serve()
        const response = await app.inject(ask(asked))
        expect(response.statusCode).toBe(status)
        expect(calls).toEqual([call])
        if (status === 204) expect(response.body).toBe('')
        else if (typeof answer === 'string') expect(response.body).toBe(answer)
        else expect(response.json()).toEqual(answer ?? answerOf(call[0] as string))
      })

      test('does nothing without the token', async () => {
        const { app, calls } = serve()
        expect((await app.inject(ask(asked, {}))).statusCode).toBe(401)
        expect((await app.inject(ask(asked, { authorization: 'Bearer wrong' }))).statusCode).toBe(401)
        expect(calls).toEqual([])
      })

      test('passes an error on by its code', async () => {
        const { app } = serve(new LintelError('STORE_UNAVAILABLE', 'why'))
        const response = await app.inject(ask(asked))
        expect(response.statusCode).toBe(503)
        expect(response.json<Problem>()).toMatchObject({ code: 'STORE_UNAVAILABLE', detail: 'why' })
      })
    })
  }

  test('tells its health and version to anyone, and its process to who has a token', async () => {
    const response = await serve().app.inject('/api/v1/health')
    expect(response.json()).toEqual({ status: 'ok', version })
    const known = await serve().app.inject({ url: '/api/v1/health', headers: { authorization } })
    expect(known.json()).toEqual({ status: 'ok', version, pid: process.pid })
  })

  const wrong = [
    { method: 'GET', url: '/flow', detail: /required property 'from'/ },
    { method: 'GET', url: '/snapshots?after=1', detail: /after must match/ },
    { method: 'GET', url: '/snapshots?device=a/b', detail: /device must match/ },
    { method: 'PUT', url: '/snapshots/d/e/hold', body: json({ until: 1 }), detail: /reason/ },
    { method: 'GET', url: '/parked?limit=0', detail: /limit must be >= 1/ },
    { method: 'GET', url: '/parked?limit=10001', detail: /limit must be <= 10000/ },
    { method: 'GET', url: '/parked?limit=many', detail: /limit must be integer/ },
    { method: 'GET', url: '/parked/x', detail: /key must be integer/ },
    { method: 'POST', url: '/parked/0/replay', detail: /key must be >= 1/ },
    { method: 'DELETE', url: '/parked/1.5', detail: /key must be integer/ },
    { method: 'POST', url: '/devices', body: { type: 'application/json', text: '{' }, detail: /JSON/ },
    { method: 'POST', url: '/devices/import', body: json({ a: 1 }), detail: /body must be string/ },
    {
      method: 'POST',
      url: '/users',
      body: json({ name: 'a', role: 'king' }),
      detail: /role must be one of admin, analyst, duty, auditor/,
    },
    { method: 'POST', url: '/users', body: json({ name: 'a', role: 'duty', site: 'b' }), detail: /must not have site; there are name, role/ }, // biome-ignore format: a row
    { method: 'POST', url: '/users', body: json({ name: 'a b', role: 'admin' }), detail: /name must match/ },
    {
      method: 'POST',
      url: '/tokens',
      body: json({ name: 'a', role: 'admin', days: 0 }),
      detail: /days must/,
    },
    { method: 'GET', url: '/audit?limit=0', detail: /limit must be >= 1/ },
    { method: 'GET', url: '/rules?rule=door-hold', detail: /rule must be one of door-forced, / },
  ] as (Pick<Case, 'method' | 'url' | 'body'> & { detail: RegExp })[]
  for (const { detail, ...asked } of wrong) {
    test(`refuses ${asked.method} ${asked.url} in words`, async () => {
      const { app, calls } = serve()
      const response = await app.inject(ask(asked as Case))
      expect(response.statusCode).toBe(400)
      expect(response.json<Problem>()).toMatchObject({
        code: 'API_REQUEST_INVALID',
        detail: expect.stringMatching(detail),
      })
      expect(calls).toEqual([])
    })
  }
})

describe('the operations over HTTP', () => {
  let url = ''
  beforeAll(async () => {
    url = await app.listen({ host: '127.0.0.1', port: 0 })
  })
  afterAll(() => app.close())
  function listen(fault?: LintelError) {
    const { calls } = serve(fault)
    return { calls, remote: createRemoteOperations({ url, token: 'secret' }) }
  }
  /** Of a service that is not up: nobody listens at port 1. */
  const gone = createRemoteOperations({ url: 'http://127.0.0.1:1', token: 'secret' })
  const question = { ...flow, every: '1d', by: ['site', 'direction'], where: { site: ['a', 'b'] } }
  /** Streams and files have tests of their own. */
  type Plain = Exclude<keyof Operations, 'exportRows' | 'backfill'>
  const operations: { [N in Plain]: Parameters<Operations[N]> } = {
    listAlerts: [
      {
        status: ['open', 'acknowledged'],
        severity: ['critical'],
        rule: ['tamper', 'door-held'],
        sites: ['南社', 'b'],
        building: 'b 1',
        point: 'p/1',
        device: 'd1',
        assignee: '早班',
        from: 1_000,
        to: 2_000,
        after: '000000000002000/7k3q9m2xw0ta5d8f',
        limit: 7,
      },
    ],
    showAlert: ['7k3q'],
    actOnAlert: ['7k3q', { do: 'resolve', outcome: 'real', note: '南社' }],
    alertReport: [{ from: 1_000, to: 2_000, sites: ['南社'] }],
    listSnoozes: [],
    listChannels: [],
    testChannel: ['值班室'],
    addSnooze: [
      { why: 'maintenance', rule: 'tamper', place: { site: '南社' }, from: 1_000, until: 2_000, note: 'n' },
    ],
    removeSnooze: ['0123456789ab'],
    addDevice: [{ device: 'd1', site: '南社' }],
    announceDevice: [{ gateway: 'edge-1', device: 'd1', site: '南社' }],
    importDevices: ['device\r\n南社', { dryRun: true }],
    removeDevice: ['d1', { force: true }],
    listUnknown: [],
    listDevices: [],
    showDevice: ['d1'],
    rotateToken: ['d1'],
    setEnabled: ['d1', false],
    flow: [question],
    ledger: [],
    regions: ['d1'],
    setRegions: ['d1', { mask: [] }],
    listSnapshots: [{ device: 'd1', from: 1, to: 9, after: { at: 5, device: 'd1', event: 'e' }, limit: 3 }],
    showSnapshot: [{ device: 'd1', event: 'e:1' }],
    readSnapshot: [{ device: 'd1', event: 'e1' }],
    holdSnapshot: [
      { device: 'd1', event: 'e1' },
      { until: 5, reason: 'why' },
    ],
    releaseSnapshot: [{ device: 'd1', event: 'e1' }],
    listParked: [5],
    showParked: [3],
    replayParked: [3],
    dropParked: [3],
    listPoints: [],
    readOriginal: [{ device: 'd1', event: 'e1' }],
    listUsers: [],
    addUser: [{ name: '王芳', role: 'duty', sites: ['南社'] }],
    inviteUser: ['王芳'],
    setUserEnabled: ['王芳', false],
    removeUser: ['王芳'],
    listTokens: [],
    createToken: [{ name: 't', role: 'analyst', days: 7 }],
    revokeToken: ['t'],
    listAudit: [{ after: 3, limit: 5 }],
    verifyAudit: ['3:abc'],
    retention: [],
    verifyRetention: [],
    status: [],
    overview: [],
    trustClock: [{ at: 5 }],
    allowDeletion: ['door'],
    listDeletions: [{ limit: 5, after: 3 }],
    eraseRows: [{ of: { device: 'd1' }, before: 5 }],
    rulesAt: [{ site: '南社', building: 'b/1', point: 'd1', rule: 'door-held' }],
    rulesDocument: [3],
    setRules: [{ rules: { 'door-held': { heldS: 120 } } }, { dryRun: true, expected: 3 }],
    rulesHistory: [],
  }
  type Call = (...given: unknown[]) => Promise<unknown>

  for (const [name, given] of Object.entries(operations)) {
    test(`${name} arrives as it was asked, and its error comes back by code`, async () => {
      const up = listen()
      await (up.remote[name as keyof Operations] as Call)(...given)
      expect(up.calls).toEqual([[name, ...given]])

      const failing = listen(new LintelError('DEVICE_NOT_FOUND', 'why'))
      const failure = (failing.remote[name as keyof Operations] as Call)(...given)
      await expect(failure).rejects.toMatchObject({
        name: 'LintelError',
        code: 'DEVICE_NOT_FOUND',
        message: 'why',
      })
      const asked = (gone[name as keyof Operations] as Call)(...given)
      await expect(asked).rejects.toMatchObject({ code: 'API_UNAVAILABLE', retryable: true })
    })
  }

  test('an id with a slash or a question mark in it stays one part of the path', async () => {
    const { calls, remote } = listen()
    await remote.showDevice('a/b?c')
    expect(calls).toEqual([['showDevice', 'a/b?c']])
  })
})
