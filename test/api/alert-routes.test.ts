import { describe, expect, test } from 'vitest'
import type { Operations } from '../../api/operations/operations.ts'
import { apiOver } from '../support/api.ts'

function serve() {
  const calls: unknown[][] = []
  const operations = new Proxy({} as Operations, {
    get:
      (_, name: string) =>
      async (...given: unknown[]) => {
        calls.push([name, ...given])
        return {}
      },
  })
  return { app: apiOver(operations), calls }
}

async function ask(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) {
  const { app, calls } = serve()
  const headers = { authorization: 'Bearer secret' }
  const answer = await app.inject({
    method,
    url: `/api/v1${url}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  })
  return { status: answer.statusCode, problem: answer.json(), calls }
}

const noon = Date.UTC(2026, 10, 24, 4)

describe('alerts over HTTP', () => {
  const asked = [
    {
      title: 'filters by lists and times',
      url: '/alerts?status=open,acknowledged&severity=critical&site=%E5%8D%97%E7%A4%BE,b&from=2026-11-24T12:00:00%2B08:00',
      call: [
        'listAlerts',
        {
          status: ['open', 'acknowledged'],
          severity: ['critical'],
          sites: ['南社', 'b'],
          from: noon,
          limit: 50,
        },
      ],
    },
    { title: 'a report of the last shift', url: '/alerts/report', call: ['alertReport', {}] },
    {
      title: 'a report of a shift at a site',
      url: '/alerts/report?from=2026-11-24T04:00:00Z&site=b',
      call: ['alertReport', { from: noon, sites: ['b'] }],
    },
    { title: 'one by the beginning of its id', url: '/alerts/7k3q', call: ['showAlert', '7k3q'] },
  ]
  for (const { title, url, call } of asked)
    test(`takes ${title}`, async () => {
      const { status, calls } = await ask('GET', url)
      expect([status, calls]).toEqual([200, [call]])
    })

  const acts = [
    { verb: 'acknowledge', body: undefined, act: { do: 'acknowledge' } },
    { verb: 'acknowledge', body: { note: 'on my way' }, act: { do: 'acknowledge', note: 'on my way' } },
    { verb: 'assign', body: { to: '李' }, act: { do: 'assign', to: '李' } },
    { verb: 'assign', body: { to: null }, act: { do: 'assign', to: null } },
    { verb: 'comment', body: { note: 'x' }, act: { do: 'comment', note: 'x' } },
    { verb: 'resolve', body: { outcome: 'test' }, act: { do: 'resolve', outcome: 'test' } },
  ]
  for (const { verb, body, act } of acts)
    test(`takes ${verb} with ${JSON.stringify(body)}`, async () => {
      const { status, calls } = await ask('POST', `/alerts/7k3q/${verb}`, body)
      expect([status, calls]).toEqual([200, [['actOnAlert', '7k3q', act]]])
    })

  const wrong = [
    { method: 'GET', url: '/alerts?sites=a', detail: 'there is no sites here' },
    { method: 'GET', url: '/alerts?status=closed', detail: 'status must be of open' },
    { method: 'GET', url: '/alerts?severity=high', detail: 'severity must be of notice' },
    { method: 'GET', url: '/alerts?from=2026-11-24', detail: 'from must be RFC 3339' },
    { method: 'GET', url: '/alerts?limit=201', detail: 'limit must be <= 200' },
    { method: 'GET', url: '/alerts?after=A%20', detail: 'after must match' },
    { method: 'GET', url: '/alerts/report?to=now', detail: 'to must be RFC 3339' },
    { method: 'POST', url: '/alerts/7k3q/assign', body: {}, detail: "required property 'to'" },
    { method: 'POST', url: '/alerts/7k3q/assign', body: { to: 'x'.repeat(65) }, detail: 'to must' },
    { method: 'POST', url: '/alerts/7k3q/comment', body: { note: '' }, detail: 'note must NOT have fewer' },
    {
      method: 'POST',
      url: '/alerts/7k3q/comment',
      body: { note: 'x'.repeat(501) },
      detail: 'note must NOT have more',
    },
    {
      method: 'POST',
      url: '/alerts/7k3q/resolve',
      body: { outcome: 'fine' },
      detail: 'outcome must be one of real, false-alarm, test, maintenance',
    },
    {
      method: 'POST',
      url: '/alerts/7k3q/resolve',
      body: { outcome: 'real', nott: 'a cat', by: 'me' },
      detail: 'must not have nott, by; there are outcome, note',
    },
    {
      method: 'POST',
      url: '/snoozes',
      body: { why: 'snooze', place: {} },
      detail: "required property 'until'",
    },
    {
      method: 'POST',
      url: '/snoozes',
      body: { why: 'snooze', place: {}, until: '2h' },
      detail: 'until must be RFC',
    },
    {
      method: 'POST',
      url: '/snoozes',
      body: { why: 'snooze', place: {}, until: '2026-11-24T04:00:00Z', ruel: 'tamper' },
      detail: 'must not have ruel; there are why, rule, place',
    },
    {
      method: 'POST',
      url: '/snoozes',
      body: { why: 'snooze', place: { site: 'a', buildng: 'b' }, until: '2026-11-24T04:00:00Z' },
      detail: 'body/place must not have buildng; there are site, building',
    },
    { method: 'GET', url: '/alerts/live?after=-1', detail: 'after must be >= 0' },
  ] as const
  for (const { method, url, detail, ...rest } of wrong)
    test(`refuses ${method} ${url} ${JSON.stringify(rest).slice(0, 60)} in words`, async () => {
      const { status, problem, calls } = await ask(method, url, 'body' in rest ? rest.body : undefined)
      expect([status, calls]).toEqual([400, []])
      expect(problem).toMatchObject({ code: 'API_REQUEST_INVALID', detail: expect.stringContaining(detail) })
    })

  test('has no live stream on a gateway alone', async () => {
    const { status, problem } = await ask('GET', '/alerts/live')
    expect([status, problem.code]).toEqual([503, 'STORE_UNAVAILABLE'])
  })
})
