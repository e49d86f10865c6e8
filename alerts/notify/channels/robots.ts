import { createHmac } from 'node:crypto'
import { type Clock, minuteMs } from '../../../core/clock.ts'
import { type Channel, failed, type Message, type Outcome } from '../channel.ts'
import { type Answer, createPoster, faultOf } from '../post.ts'
import { fitted, type TextOptions, textOf, utf8Bytes } from '../text.ts'

export interface RobotOptions extends TextOptions {
  /** Contains the robot's key. */
  readonly url: string
  readonly secret?: string
  readonly clock: Clock
}

export type RobotKind = 'wecom' | 'dingtalk' | 'feishu'

/** How to address a chat robot, and how it answers. */
interface Protocol {
  readonly maxBytes: number
  /** `text`: `maxBytes` applies to the text alone. `body`: to everything posted. */
  readonly measures: 'text' | 'body'
  body(text: string, secret: string | undefined, now: number): object
  query(secret: string | undefined, now: number): Record<string, string>
  /** Members that are 0 on success; the first one present counts. */
  readonly codes: readonly string[]
  readonly reasons: readonly string[]
  /** Codes that mean too many messages, and how long the robot then accepts none. */
  readonly tooMuch: readonly number[]
  readonly waitMs: number
}

/** DingTalk: https://open.dingtalk.com/document/robots/customize-robot-security-settings, in the query. */
export function dingtalkSign(secret: string, now: number): Record<string, string> {
  const sign = createHmac('sha256', secret).update(`${now}\n${secret}`).digest('base64')
  return { timestamp: String(now), sign }
}

/**
 * Feishu: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot, in the body. It signs an empty text, and
 * time and secret form the key.
 */
export function feishuSign(secret: string, now: number): { timestamp: string; sign: string } {
  const timestamp = String(Math.floor(now / 1000))
  return { timestamp, sign: createHmac('sha256', `${timestamp}\n${secret}`).update('').digest('base64') }
}

const protocols: Record<RobotKind, Protocol> = {
  wecom: {
    maxBytes: 2048,
    measures: 'text',
    body: content => ({ msgtype: 'text', text: { content } }),
    query: () => ({}),
    codes: ['errcode'],
    reasons: ['errmsg'],
    tooMuch: [45009],
    waitMs: minuteMs,
  },
  dingtalk: {
    maxBytes: 20_000,
    measures: 'body',
    body: content => ({ msgtype: 'text', text: { content } }),
    query: (secret, now) => (secret === undefined ? {} : dingtalkSign(secret, now)),
    codes: ['errcode'],
    reasons: ['errmsg'],
    tooMuch: [130101, 410100],
    waitMs: 10 * minuteMs,
  },
  feishu: {
    maxBytes: 20_000,
    measures: 'body',
    body: (text, secret, now) => ({
      ...(secret === undefined ? {} : feishuSign(secret, now)),
      msg_type: 'text',
      content: { text },
    }),
    query: () => ({}),
    codes: ['code', 'StatusCode'],
    reasons: ['msg', 'StatusMessage'],
    tooMuch: [11232, 99991400],
    waitMs: minuteMs,
  },
}

/** Robots have no idempotency key: a message sent again after a crash appears twice. */
export function createRobot(kind: RobotKind, { url, secret, clock, ...options }: RobotOptions): Channel {
  const protocol = protocols[kind]
  const poster = createPoster(url)
  const mask = maskOf(url)
  return {
    kind,
    async send(message, signal) {
      const now = clock()
      const body = robotBody(kind, message, options, secret, now)
      const headers = { 'content-type': 'application/json; charset=utf-8' }
      const answer = await poster.post(body, headers, signal, protocol.query(secret, now))
      return outcomeOf(protocol, answer, mask)
    },
    async stop() {
      poster.close()
    },
  }
}

/** The posted body, with as much of the message as the robot accepts. */
export function robotBody(
  kind: RobotKind,
  message: Message,
  options: TextOptions,
  secret: string | undefined,
  now: number,
): string {
  const { body, measures, maxBytes } = protocols[kind]
  const bodyWith = (text: string) => JSON.stringify(body(text, secret, now))
  const measure = (text: string) => utf8Bytes(measures === 'text' ? text : bodyWith(text))
  return bodyWith(fitted(textOf(message, options), message.more, maxBytes, measure))
}

/** HTTP 200 only means that something answered; the body says whether the message was accepted. */
function outcomeOf(protocol: Protocol, answer: Answer, mask: (text: string) => string): Outcome {
  const { codes, reasons, tooMuch, waitMs } = protocol
  const told = parsed(answer.text)
  const code = codes.map(name => told[name]).find(value => typeof value === 'number')
  const httpFault = faultOf(answer)
  if (code === 0 && httpFault === undefined) return { delivered: true }
  if (code === undefined || code === 0) {
    const fault = failed(httpFault ?? 'it answered something that a robot does not')
    return answer.waitMs === undefined ? fault : { ...fault, waitMs: answer.waitMs }
  }
  const reason = reasons.map(name => told[name]).find(value => typeof value === 'string') ?? ''
  const fault = failed(`${codes[0]} ${code}: ${mask(String(reason)).slice(0, 200)}`)
  return tooMuch.includes(Number(code)) ? { ...fault, waitMs } : fault
}

function parsed(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

/** Hides keys: some robots echo what they were sent. */
function maskOf(url: string): (text: string) => string {
  const { pathname, searchParams } = new URL(url)
  const keys = [...searchParams.values(), ...pathname.split('/')].filter(part => part.length >= 8)
  return text => keys.reduce((said, key) => said.replaceAll(key, '…'), text).replace(/\p{Cc}+/gu, ' ')
}
