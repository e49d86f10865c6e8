import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Message, Outcome } from '../../../alerts/notify/channel.ts'
import {
  createRobot,
  dingtalkSign,
  feishuSign,
  type RobotKind,
} from '../../../alerts/notify/channels/robots.ts'
import { createWebhook, secretOf, signatureOf } from '../../../alerts/notify/channels/webhook.ts'
import { createPoster } from '../../../alerts/notify/post.ts'
import { createAuthority } from '../../support/certificates.ts'
import { needsProgram } from '../../support/programs.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { messageOf, start, toldOf } from './support.ts'

interface Received {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
type Answer = (response: ServerResponse, request: IncomingMessage) => void

async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

async function receiver(answer: Answer) {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    received.push({ path: request.url!, headers: request.headers, body })
    answer(response, request)
  })
  const port = await listen(server)
  return { url: `http://127.0.0.1:${port}`, received, port }
}

const json =
  (value: unknown, status = 200, headers = {}): Answer =>
  response =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))

const key = 'b5f1c0de-aaaa-bbbb-cccc-0123456789ab'
const paths: Record<RobotKind, string> = {
  wecom: `/cgi-bin/webhook/send?key=${key}`,
  dingtalk: `/robot/send?access_token=${key}`,
  feishu: `/open-apis/bot/v2/hook/${key}`,
}
const never = new AbortController().signal
const one = messageOf([toldOf()])

async function tell(
  kind: RobotKind | 'webhook',
  base: string,
  {
    secret,
    message = one,
    signal = never,
  }: { secret?: string; message?: Message; signal?: AbortSignal } = {},
): Promise<Outcome> {
  const clock = () => start
  const channel =
    kind === 'webhook'
      ? createWebhook({
          url: `${base}/hook/${key}`,
          secrets: secret === undefined ? [] : [secretOf(secret)],
          clock,
        })
      : createRobot(kind, {
          url: base + paths[kind],
          language: 'zh',
          clock,
          ...(secret === undefined ? {} : { secret }),
        })
  onTestFinished(() => channel.stop!())
  return channel
    .send(message, signal)
    .catch(error => ({ delivered: false, fault: `thrown: ${error.message}` }))
}

describe('a webhook', () => {
  test('posts one alert as a CloudEvent and several as a batch, with the key and a time', async () => {
    const { url, received } = await receiver(json({}))
    expect(await tell('webhook', url)).toEqual({ delivered: true })
    const ended = toldOf('cleared', { status: 'cleared', active: false, clearedAt: start + 1000 }, 8)
    await tell('webhook', url, { message: messageOf([toldOf(), ended]) })
    const [single, batch] = received
    expect(single!.headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(start / 1000),
    })
    expect(single!.headers).not.toHaveProperty('webhook-signature')
    expect(JSON.parse(single!.body)).toMatchObject({
      specversion: '1.0',
      id: '0123456789abcdef.7',
      source: 'lintel',
      type: 'lintel.alert.raised',
      subject: '0123456789abcdef',
      time: '2026-11-24T02:00:00.150Z',
      data: {
        alert: { rule: 'door-forced', status: 'open', occurredAt: '2026-11-24T02:00:00.000Z' },
        says: { zh: expect.stringContaining('nanshe b12 d1'), en: expect.stringContaining('nanshe b12 d1') },
      },
    })
    expect(batch!.headers['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8')
    expect(JSON.parse(batch!.body).map(({ type }: { type: string }) => type)).toEqual([
      'lintel.alert.raised',
      'lintel.alert.cleared',
    ])
  })

  test('signs as Standard Webhooks says, by each of its secrets', async () => {
    // The vector that the libraries of Standard Webhooks test themselves with.
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
    expect(signatureOf(secretOf(secret), id, 1614265330, '{"test": 2432232314}')).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    )
    const { url, received } = await receiver(json({}))
    await tell('webhook', url, { secret })
    const { headers, body } = received[0]!
    // As a receiver checks it, who believes no old one.
    vi.useFakeTimers({ toFake: ['Date'], now: Number(headers['webhook-timestamp']) * 1000 })
    onTestFinished(() => void vi.useRealTimers())
    const signed = headers as Record<string, string>
    expect(new Webhook(secret).verify(body, signed)).toEqual(JSON.parse(body))
    expect(() => new Webhook(secret).verify(`${body} `, signed)).toThrow('No matching signature found')
    expect(() => new Webhook('whsec_b3RoZXI=').verify(body, signed)).toThrow('No matching signature found')
  })

  test('follows no redirect, and says so', async () => {
    const other = await receiver(json({}))
    for (const location of ['http://169.254.169.254/latest/meta-data', `${other.url}/x`]) {
      const { url } = await receiver(json({}, 302, { location }))
      expect(await tell('webhook', url)).toEqual({
        delivered: false,
        fault: 'HTTP 302: it redirects, and redirects are not followed',
      })
    }
    expect(other.received).toEqual([])
  })

  const answers: { title: string; answer: Answer; outcome: object }[] = [
    { title: 'that took it, with 204', answer: response => response.writeHead(204).end(), outcome: { delivered: true } },
    { title: 'that fails', answer: json({}, 500), outcome: { delivered: false, fault: 'HTTP 500' } },
    { title: 'that is busy', answer: json({}, 503, { 'retry-after': '120' }), outcome: { fault: 'HTTP 503', waitMs: 120_000 } },
    { title: 'that will not have it', answer: json({}, 413), outcome: { fault: 'HTTP 413', refused: true } },
    { title: 'that knows nobody', answer: json({}, 401), outcome: { delivered: false, fault: 'HTTP 401' } },
    { title: 'that hangs up', answer: response => response.destroy(), outcome: { fault: expect.stringMatching(/^thrown: 127\.0\.0\.1:\d+: socket hang up$/) } },
    { title: 'that speaks no HTTP', answer: (_, { socket }) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'), outcome: { fault: expect.stringMatching(/^thrown: 127\.0\.0\.1:\d+: Parse Error/) } },
  ] // biome-ignore format: a table
  for (const { title, answer, outcome: wanted } of answers) {
    test(`knows what became of it at a receiver ${title}`, async () => {
      const { url } = await receiver(answer)
      const outcome = await tell('webhook', url)
      expect(outcome).toMatchObject(wanted)
      expect(JSON.stringify(outcome)).not.toContain(key)
    })
  }

  test('reads 64 kB of an answer of a gigabyte, and hangs up', async () => {
    let written = 0
    let isCut = false
    const { url } = await receiver(response => {
      const chunk = Buffer.alloc(64 * 1024, 'x')
      response.writeHead(200, { 'content-length': 1024 ** 3 })
      const more = () => {
        while (!response.destroyed && written < 1024 ** 3) {
          written += chunk.length
          if (!response.write(chunk)) return
        }
      }
      response.on('drain', more)
      response.on('close', () => (isCut = true))
      more()
    })
    expect(await tell('webhook', url)).toEqual({ delivered: true })
    await expect.poll(() => isCut).toBe(true)
    expect(written).toBeLessThan(32 * 1024 * 1024)
  })

  test('gives up on one that never answers, and on one that answers a byte at a time', async () => {
    const silent = await receiver(() => {})
    const slow = await receiver(response => {
      response.writeHead(200)
      const timer = setInterval(() => response.write(' '), 100)
      response.on('close', () => clearInterval(timer))
    })
    // Its own deadline is ten seconds; the worker's signal ends it as well.
    const soon = () => AbortSignal.timeout(300)
    expect(await tell('webhook', silent.url, { signal: soon() })).toMatchObject({ delivered: false })
    expect(await tell('webhook', slow.url, { signal: soon() })).toEqual({ delivered: true })
    expect(await tell('wecom', slow.url, { signal: soon() })).toMatchObject({ delivered: false })
  })

  test('has an answer by its deadline, or none', async () => {
    const silent = await receiver(() => {})
    const poster = createPoster(silent.url, { deadlineMs: 200 })
    onTestFinished(() => poster.close())
    const fault = `no answer from 127.0.0.1:${silent.port} within 0.2 s`
    await expect(poster.post('{}', {}, never)).rejects.toThrow(fault)
  })

  test('trusts the CA that it is given, and no other', async context => {
    needsProgram(context, 'openssl', 'apt-get install openssl')
    const { caFile, issue } = createAuthority(await temporaryDirectory(), 'ca')
    const { certFile, keyFile } = issue('receiver')
    const files = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
    const tls = createTlsServer(files, (_, response) => response.end())
    const url = `https://127.0.0.1:${await listen(tls as unknown as Server)}/`
    const clock = () => start
    const trusting = createWebhook({ url, secrets: [], clock, ca: readFileSync(caFile) })
    const other = createWebhook({ url, secrets: [], clock })
    onTestFinished(async () => {
      await trusting.stop!()
      await other.stop!()
    })
    expect(await trusting.send(one, never)).toEqual({ delivered: true })
    await expect(other.send(one, never)).rejects.toThrow('certificate')
  })

  test('sends a trial as an event of its own', async () => {
    const { url, received } = await receiver(json({}))
    await tell('webhook', url, { message: { ...messageOf([]), isTest: true } })
    expect(JSON.parse(received[0]!.body)).toMatchObject({ type: 'lintel.test', id: 'msg_1' })
  })
})

describe('a robot', () => {
  test('signs as its maker says', () => {
    // Computed with Python's hmac.
    expect(dingtalkSign('SEC000test', 1764000000123)).toEqual({
      timestamp: '1764000000123',
      sign: 'Bi5HaL0m0c+mwyz9dDT03s19SUhJinYQK1BK7Nl43ds=',
    })
    expect(feishuSign('feishu-secret', 1764000000999)).toEqual({
      timestamp: '1764000000',
      sign: 'bawp1QohUKo4zWjDLixyPpNrgP17wAwVBH+FAFNgDt8=',
    })
  })

  test('of WeCom is told in text, unsigned', async () => {
    const { url, received } = await receiver(json({ errcode: 0, errmsg: 'ok' }))
    expect(await tell('wecom', url)).toEqual({ delivered: true })
    expect(received[0]!.path).toBe(paths.wecom)
    expect(JSON.parse(received[0]!.body)).toEqual({
      msgtype: 'text',
      text: { content: expect.stringMatching(/^【Lintel】紧急：nanshe b12 d1/) },
    })
  })

  test('of DingTalk is signed in the query', async () => {
    const { url, received } = await receiver(json({ errcode: 0, errmsg: 'ok' }))
    expect(await tell('dingtalk', url, { secret: 'SEC000test' })).toEqual({ delivered: true })
    const query = new URL(received[0]!.path, url).searchParams
    expect(Object.fromEntries(query)).toEqual({ access_token: key, ...dingtalkSign('SEC000test', start) })
    expect(received[0]!.path).not.toContain('+')
  })

  test('of Feishu is signed in the body', async () => {
    const { url, received } = await receiver(json({ code: 0, msg: 'success', data: {} }))
    expect(await tell('feishu', url, { secret: 's' })).toEqual({ delivered: true })
    expect(JSON.parse(received[0]!.body)).toMatchObject({ msg_type: 'text', ...feishuSign('s', start) })
  })

  const answers: { kind: RobotKind; answer: Answer; outcome: object }[] = [
    { kind: 'wecom', answer: json({ errcode: 93000, errmsg: `invalid webhook url ${key}` }), outcome: { delivered: false, fault: 'errcode 93000: invalid webhook url …' } },
    { kind: 'wecom', answer: json({ errcode: 45009, errmsg: 'api freq out of limit' }), outcome: { delivered: false, waitMs: 60_000 } },
    { kind: 'dingtalk', answer: json({ errcode: 130101, errmsg: 'send too fast' }), outcome: { delivered: false, waitMs: 600_000, fault: 'errcode 130101: send too fast' } },
    { kind: 'dingtalk', answer: json({ errcode: 310000, errmsg: 'keywords not in content' }), outcome: { delivered: false, fault: 'errcode 310000: keywords not in content' } },
    { kind: 'feishu', answer: json({ code: 19021, msg: 'sign match fail' }), outcome: { delivered: false, fault: 'code 19021: sign match fail' } },
    { kind: 'feishu', answer: json({ code: 11232, msg: 'frequency limited' }), outcome: { delivered: false, waitMs: 60_000 } },
    { kind: 'feishu', answer: json({ StatusCode: 0, StatusMessage: 'success' }), outcome: { delivered: true } },
    { kind: 'wecom', answer: json({}), outcome: { delivered: false, fault: 'it answered something that a robot does not' } },
    { kind: 'wecom', answer: json({ errcode: '0' }), outcome: { delivered: false } },
    { kind: 'wecom', answer: json(null), outcome: { delivered: false } },
    { kind: 'dingtalk', answer: response => response.end('<html>'), outcome: { delivered: false, fault: 'it answered something that a robot does not' } },
    { kind: 'dingtalk', answer: json({ errcode: 0 }, 500), outcome: { delivered: false, fault: 'HTTP 500' } },
    { kind: 'feishu', answer: json({}, 302, { location: 'http://169.254.169.254/' }), outcome: { delivered: false, fault: 'HTTP 302: it redirects, and redirects are not followed' } },
    { kind: 'feishu', answer: response => response.end(`{"code":0,"x":"${'x'.repeat(100_000)}"}`), outcome: { delivered: false } },
  ] // biome-ignore format: a table
  for (const [n, { kind, answer, outcome: wanted }] of answers.entries()) {
    test(`of ${kind} that answers 200 is believed only where it says 0: ${n + 1}`, async () => {
      const { url } = await receiver(answer)
      const outcome = await tell(kind, url)
      expect(outcome).toMatchObject(wanted)
      expect(JSON.stringify(outcome)).not.toContain(key)
    })
  }
})
