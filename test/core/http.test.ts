import { type AddressInfo, connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import Type from 'typebox'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LintelError } from '../../core/errors.ts'
import { createHttp, type Problem } from '../../core/http.ts'

const bearer = { authorization: 'Bearer secret' }

function serve() {
  const faults: unknown[] = []
  const app = createHttp({ admit: 'secret', onError: error => faults.push(error) })
  app.get('/closed', async () => ({ ok: true }))
  app.post('/body', async request => request.body)
  const Shape = Type.Object(
    { kind: Type.Enum(['car', 'bus']), note: Type.Optional(Type.String()) },
    { additionalProperties: false },
  )
  app.post('/shape', { schema: { body: Shape } }, async request => request.body)
  app.post('/text', { schema: { body: Type.String() } }, async request => request.body)
  app.get(
    '/count',
    { schema: { querystring: Type.Object({ n: Type.Integer({ minimum: 1 }) }) } },
    async () => 'fine',
  )
  app.get<{ Params: { code: string } }>('/throw/:code', async request => {
    throw new LintelError(request.params.code as 'DATA_LOCKED', 'why')
  })
  app.get('/bug', async () => {
    throw new TypeError('x of undefined, reading secret things')
  })
  return { app, faults }
}

describe('an HTTP server', () => {
  const doors = [
    { url: '/closed', headers: bearer, want: 200 },
    { url: '/closed', headers: { authorization: 'bearer secret' }, want: 200 },
    { url: '/closed', headers: {}, want: 401 },
    { url: '/closed', headers: { authorization: '' }, want: 401 },
    { url: '/closed', headers: { authorization: 'Bearer ' }, want: 401 },
    { url: '/closed', headers: { authorization: 'Bearer secre' }, want: 401 },
    { url: '/closed', headers: { authorization: 'Bearer secret2' }, want: 401 },
    { url: '/closed', headers: { authorization: 'secret' }, want: 401 },
    { url: '/closed', headers: { authorization: 'Basic secret' }, want: 401 },
    { url: '/nowhere', headers: {}, want: 401 },
    { url: '/nowhere', headers: bearer, want: 404 },
  ]
  for (const { url, headers, want } of doors) {
    test(`answers ${want} to ${url} with ${JSON.stringify(headers)}`, async () => {
      const { app } = serve()
      const answer = await app.inject({ url, headers: headers as Record<string, string> })
      expect(answer.statusCode).toBe(want)
      if (want === 401) expect(answer.headers['www-authenticate']).toBe('Bearer')
      expect(answer.headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
      })
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    })
  }

  const problems = [
    { url: '/nowhere', status: 404, code: 'API_NOT_FOUND', detail: 'there is no GET /nowhere' },
    { url: '/closed', method: 'PUT', status: 405, code: 'API_METHOD_UNKNOWN', detail: 'there is no PUT /closed, but GET, HEAD, OPTIONS' },
    { url: '/nowhere', method: 'PUT', status: 404, code: 'API_NOT_FOUND', detail: 'there is no PUT /nowhere' },
    { url: '/count', status: 400, code: 'API_REQUEST_INVALID', detail: "querystring must have required property 'n'" },
    { url: '/count?n=0', status: 400, code: 'API_REQUEST_INVALID', detail: /n must be >= 1/ },
    { url: '/count?n=x', status: 400, code: 'API_REQUEST_INVALID', detail: /n must be integer/ },
    { url: '/%zz', status: 400, code: 'API_REQUEST_INVALID', detail: /%zz/ },
    { url: '/throw/DEVICE_NOT_FOUND', status: 404, code: 'DEVICE_NOT_FOUND', detail: 'why' },
    { url: '/throw/DEVICE_INVALID', status: 400, code: 'DEVICE_INVALID', detail: 'why' },
    { url: '/throw/PARKED_NOT_REPLAYABLE', status: 409, code: 'PARKED_NOT_REPLAYABLE', detail: 'why' },
    { url: '/throw/SIGN_IN_FAILED', status: 401, code: 'SIGN_IN_FAILED', detail: 'why' },
    { url: '/throw/API_FORBIDDEN', status: 403, code: 'API_FORBIDDEN', detail: 'why' },
    { url: '/throw/ACCOUNT_EXISTS', status: 409, code: 'ACCOUNT_EXISTS', detail: 'why' },
    { url: '/throw/INVITATION_INVALID', status: 410, code: 'INVITATION_INVALID', detail: 'why' },
    { url: '/throw/SIGN_IN_THROTTLED', status: 429, code: 'SIGN_IN_THROTTLED', detail: 'why' },
    { url: '/throw/STORE_UNAVAILABLE', status: 503, code: 'STORE_UNAVAILABLE', detail: 'why' },
    { url: '/bug', status: 500, code: 'API_UNAVAILABLE', detail: 'something went wrong inside; the log says what' },
    { url: '/body', method: 'POST', payload: 'x'.repeat(5e6), status: 413, code: 'API_REQUEST_INVALID', detail: /large/ },
    { url: '/body', method: 'POST', payload: '{"a":', status: 400, code: 'API_REQUEST_INVALID', detail: /JSON/ },
    { url: '/body', method: 'POST', payload: '', status: 400, code: 'API_REQUEST_INVALID', detail: /empty/ },
    { url: '/body', method: 'POST', payload: 'x', type: 'image/png', status: 415, code: 'API_REQUEST_INVALID', detail: 'Unsupported Media Type: send it as Content-Type: application/json' },
    { url: '/text', method: 'POST', payload: 'x', type: 'image/png', status: 415, code: 'API_REQUEST_INVALID', detail: 'Unsupported Media Type: send it as Content-Type: text/csv' },
    { url: '/shape', method: 'POST', payload: '{"kind":"car","nott":"x","__proto":1}', status: 400, code: 'API_REQUEST_INVALID', detail: 'body must not have nott, __proto; there are kind, note' },
    { url: '/shape', method: 'POST', payload: '{"kind":"tram"}', status: 400, code: 'API_REQUEST_INVALID', detail: 'body/kind must be one of car, bus' },
  ] // biome-ignore format: a table
  for (const { url, method = 'GET', payload, type = 'application/json', status, code, detail } of problems) {
    test(`answers ${status} ${code} to ${method} ${url}${payload === undefined ? '' : ` of ${type}, ${payload.length} long`}`, async () => {
      const { app, faults } = serve()
      const headers = { ...bearer, ...(payload === undefined ? {} : { 'content-type': type }) }
      const answer = await app.inject({
        method: method as 'GET',
        url,
        headers,
        ...(payload === undefined ? {} : { payload }),
      })
      const problem = answer.json<Problem>()
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
      expect(answer.statusCode).toBe(status)
      expect(problem).toMatchObject({
        title: code,
        status,
        code,
        type: `https://lintel.invalid/errors#${code}`,
      })
      expect(problem.detail).toMatch(detail)
      expect(faults).toHaveLength(status >= 500 ? 1 : 0)
    })
  }

  test('says which methods there are, and answers OPTIONS with them', async () => {
    const { app } = serve()
    const refused = await app.inject({ method: 'DELETE', url: '/body', headers: bearer })
    expect([refused.statusCode, refused.headers.allow]).toEqual([405, 'OPTIONS, POST'])
    const asked = await app.inject({ method: 'OPTIONS', url: '/closed', headers: bearer })
    expect([asked.statusCode, asked.headers.allow, asked.body]).toEqual([204, 'GET, HEAD, OPTIONS', ''])
    expect((await app.inject({ method: 'OPTIONS', url: '/nowhere', headers: bearer })).statusCode).toBe(404)
  })

  for (const code of ['STORE_UNAVAILABLE', 'API_BUSY', 'EXPORT_BUSY', 'SIGN_IN_THROTTLED', 'NOTIFY_FAILED'])
    test(`says with ${code} when to come back, and takes it for a fault of its own only where it is one`, async () => {
      const { app, faults } = serve()
      const answer = await app.inject({ url: `/throw/${code}`, headers: bearer })
      expect([429, 503]).toContain(answer.statusCode)
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
      expect(faults).toHaveLength(code === 'STORE_UNAVAILABLE' ? 1 : 0)
    })

  const unread = [
    { title: 'an address that is not percent-encoded', text: 'GET /closed?site=南社 HTTP/1.1\r\nhost: x\r\n\r\n', status: 400, detail: /percent-encoded/ },
    { title: 'no Host', text: 'GET /closed HTTP/1.1\r\nconnection: close\r\n\r\n', status: 400, detail: /one Host/ },
    { title: 'two of them', text: 'GET /closed HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n', status: 400, detail: /one Host/ },
    { title: 'an asterisk', text: 'GET * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', status: 400, detail: /must be a path/ },
    { title: 'what it cannot expect', text: 'GET /closed HTTP/1.1\r\nhost: x\r\nexpect: x\r\nconnection: close\r\n\r\n', status: 417, detail: /100-continue/ },
    { title: 'what is no HTTP', text: 'HELLO\r\n\r\n', status: 400, detail: /no HTTP request/ },
    { title: 'long headers', text: `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, status: 431, detail: /headers/ },
  ] // biome-ignore format: a table
  for (const { title, text, status, detail } of unread) {
    test(`answers ${status} in the same form to ${title}`, async () => {
      const { app } = serve()
      onTestFinished(() => app.close())
      await app.listen({ host: '127.0.0.1', port: 0 })
      const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
      socket.write(text)
      const [head = '', body = ''] = (await readText(socket)).split('\r\n\r\n')
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
      expect(head).toMatch(/^content-type: application\/problem\+json(?:; charset=utf-8)?\r$/m)
      expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`)
      expect(JSON.parse(body)).toMatchObject({ status, code: 'API_REQUEST_INVALID' })
      expect(JSON.parse(body)).toHaveProperty('detail', expect.stringMatching(detail))
    })
  }

  test('leaves a socket open while an answer is being made, however long that takes', async () => {
    const { app } = serve()
    await app.ready()
    expect(app.server.timeout).toBe(0)
    expect(app.server.requestTimeout).toBeGreaterThan(0)
  })
})
