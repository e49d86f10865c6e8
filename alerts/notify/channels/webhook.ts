import { createHmac } from 'node:crypto'
import type { Clock } from '../../../core/clock.ts'
import type { Channel } from '../channel.ts'
import { bodyOf, type Origin } from '../cloud-event.ts'
import { createPoster, faultOf, isRefusal } from '../post.ts'

export interface WebhookOptions extends Origin {
  readonly url: string
  /** One Buffer per secret; more than one while receivers change from one to the next. */
  readonly secrets: readonly Buffer[]
  readonly ca?: Buffer
  readonly clock: Clock
}

/** CloudEvents over HTTP, signed per Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`. */
export function createWebhook({ url, secrets, ca, clock, ...origin }: WebhookOptions): Channel {
  const poster = createPoster(url, ca === undefined ? {} : { ca })
  return {
    kind: 'webhook',
    async send(message, signal) {
      const { type, text } = bodyOf(message, origin)
      const seconds = Math.floor(clock() / 1000)
      const signatures = secrets.map(secret => signatureOf(secret, message.key, seconds, text))
      const answer = await poster.post(
        text,
        {
          'content-type': `${type}; charset=utf-8`,
          'webhook-id': message.key,
          'webhook-timestamp': String(seconds),
          ...(signatures.length === 0 ? {} : { 'webhook-signature': signatures.join(' ') }),
        },
        signal,
      )
      const fault = faultOf(answer)
      if (fault === undefined) return { delivered: true }
      const { waitMs } = answer
      return {
        delivered: false,
        fault,
        ...(waitMs === undefined ? {} : { waitMs }),
        ...(isRefusal(answer) ? { refused: true } : {}),
      }
    },
    async stop() {
      poster.close()
    },
  }
}

/** Signature of a message: `v1,` and Base64. */
export function signatureOf(secret: Buffer, id: string, seconds: number, body: string): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64')}`
}

/** Secrets are exchanged as `whsec_` and Base64; any other text is used as its bytes. */
export function secretOf(text: string): Buffer {
  return text.startsWith('whsec_') ? Buffer.from(text.slice(6), 'base64') : Buffer.from(text)
}
