import { createHash } from 'node:crypto'
import { backoffMs } from '../../core/backoff.ts'
import { minuteMs, secondMs } from '../../core/clock.ts'
import type { Message, Outcome } from './channel.ts'
import type { Batch, ChannelRecord } from './notice.ts'
import { afterMessage, afterTry, type PacePolicy } from './pace.ts'

const pauses = { firstMs: secondMs, maxMs: 5 * minuteMs }
/** Longest time a receiver may make us wait. */
const maxWaitMs = 15 * minuteMs
/**
 * A refusal is final only after this many tries and this much time: the receiver may be under repair or still starting
 * up. A message that is never accepted must not block all others.
 */
const ifRefused = { tries: 5, forMs: 10 * minuteMs }

/** The same for the same channel, notices and time, different for any others. */
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

/** The state after one try of a batch. `random` is in [0, 1). */
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

/** When it may be tried. If the clock was set back, it does not wait longer than it would have. */
export const triedAt = ({ nextAt }: Batch, now: number) => (nextAt - now > maxWaitMs ? now : nextAt)
