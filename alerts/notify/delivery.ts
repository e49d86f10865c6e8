import { createHash } from 'node:crypto'
import { backoffMs } from '../../core/backoff.ts'
import { minuteMs, secondMs } from '../../core/clock.ts'
import type { Message, Outcome } from './channel.ts'
import type { Batch, ChannelRecord } from './notice.ts'
import { afterMessage, afterTry, type PacePolicy } from './pace.ts'

const pauses = { firstMs: secondMs, maxMs: 5 * minuteMs }
/** What the other side may make us wait. */
const maxWaitMs = 15 * minuteMs
/**
 * The other side may be mended, or be on its way up again; a message that it never takes is not, and shall not stand
 * before all others: so many tries at least, and so long.
 */
const ifRefused = { tries: 5, forMs: 10 * minuteMs }

/** The same for the same notices at the same time, and no other. */
export function keyOf(channel: string, numbers: readonly number[], now: number): string {
  const hash = createHash('sha256').update(JSON.stringify([channel, now, numbers]))
  return `msg_${hash.digest('hex').slice(0, 32)}`
}

export function withBatch(
  record: ChannelRecord,
  message: Message,
  numbers: readonly number[],
  now: number,
): ChannelRecord {
  const batch: Batch = { message, numbers, tries: 0, firstAt: now, nextAt: now }
  return { ...record, batch, pace: afterMessage(record.pace, now) }
}

export type Verdict = 'delivered' | 'again' | 'given-up'

export interface Settings {
  readonly pace: PacePolicy
  readonly giveUpMs: number
}

/** What has become of a batch by a try of it. `random` is in [0, 1). */
export function afterOutcome(
  record: ChannelRecord & { readonly batch: Batch },
  outcome: Outcome,
  { pace: policy, giveUpMs }: Settings,
  now: number,
  random: number,
): { readonly record: ChannelRecord; readonly verdict: Verdict } {
  const { batch, fault: _, faultAt: __, ...rest } = record
  const pace = afterTry(policy, rest.pace, now)
  if (outcome.delivered) {
    const but = outcome.but === undefined ? {} : { fault: outcome.but, faultAt: now }
    const last = Math.max(pace.lastAt, now)
    return {
      record: { ...rest, ...but, pace: { ...pace, lastAt: last }, sent: rest.sent + 1, sentAt: now },
      verdict: 'delivered',
    }
  }
  const tries = batch.tries + 1
  const troubled = { ...rest, pace, failed: rest.failed + 1, fault: outcome.fault, faultAt: now }
  const waited = now - batch.firstAt
  const isHopeless = outcome.refused === true && tries >= ifRefused.tries && waited >= ifRefused.forMs
  if (isHopeless || waited >= giveUpMs)
    return {
      record: { ...troubled, undelivered: rest.undelivered + batch.numbers.length },
      verdict: 'given-up',
    }
  const askedMs = Math.min(outcome.waitMs ?? 0, maxWaitMs)
  const nextAt = now + Math.max(askedMs, backoffMs(tries, pauses, random))
  return { record: { ...troubled, batch: { ...batch, tries, nextAt } }, verdict: 'again' }
}

/** When it may be tried; a clock that was set back makes it wait no longer than it would have. */
export const triedAt = ({ nextAt }: Batch, now: number) => (nextAt - now > maxWaitMs ? now : nextAt)
