import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createFaultLog } from '../../core/fault-log.ts'
import { createHttp } from '../../core/http.ts'

test('a request that fails is logged with its method and route, and with nothing of what it carried', async () => {
  const lines: string[] = []
  const log = pino({}, { write: line => void lines.push(line) })
  const app = createHttp({ admit: 'key-of-the-operator', onError: createFaultLog(log) })
  app.post('/sessions/:account', async () => {
    throw new TypeError('a bug')
  })
  const { statusCode } = await app.inject({
    method: 'POST',
    url: '/sessions/wang?note=of-the-query',
    headers: { authorization: 'Bearer key-of-the-operator', cookie: 'session=of-the-cookie' },
    payload: { password: 'of-the-body' },
  })
  expect(statusCode).toBe(500)
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0]!)).toMatchObject({ error: 'a bug', request: 'POST /sessions/:account' })
  for (const carried of ['operator', 'wang', 'query', 'cookie', 'body', '127.0.0.1'])
    expect(lines[0]).not.toContain(carried)
})
