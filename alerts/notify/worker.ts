import { type Clock, secondMs } from '../../core/clock.ts'
import type { Durations } from '../../core/durations.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import { createSleeper } from '../../core/sleeper.ts'
import type { State } from '../../core/state/state.ts'
import type { Alert } from '../book/alert.ts'
import type { AlertChange, Alerts } from '../book/alerts.ts'
import { type Channel, failed, type Message, type Outcome, type Told } from './channel.ts'
import { compose } from './compose.ts'
import { afterOutcome, keyOf, type Settings, triedAt, withBatch } from './delivery.ts'
import type { Batch } from './notice.ts'
import { freeAt, paceAt } from './pace.ts'
import { type Head, headOf, plan, type Quiet } from './plan.ts'
import { createSettlement } from './settlement.ts'
import { createChannelTables, newRecord } from './tables.ts'
import { take, type Wants } from './wants.ts'

/** A channel and its settings. */
export interface ChannelSettings extends Settings {
  readonly name: string
  readonly channel: Channel
  readonly wants: Wants
  readonly quiet?: Quiet
}

export interface WorkerParts {
  readonly state: State
  readonly alerts: Pick<Alerts, 'get' | 'note' | 'published'>
  readonly clock: Clock
  /** Returns a number in [0, 1). */
  readonly random: () => number
  /** Times from writing a message to its delivery. */
  readonly deliveries: Durations
  readonly onFault: (error: unknown) => void
}

/** A message that was tried, and the consequences. */
interface Tried {
  readonly batch: Batch
  readonly outcome: Outcome
  readonly now: number
  readonly after: ReturnType<typeof afterOutcome>
}

/** If more notices wait, the oldest are given up. */
const maxWaiting = 10_000
/** Channels have deadlines of their own; this one is for a channel that does not keep them. */
const deadlineMs = 30 * secondMs
/** Bounded so that a change of the clock is noticed. */
const longestSleepMs = 30 * secondMs
const graceMs = 3 * secondMs

/** Sends what waits for one channel: one message at a time, and each is on disk before it goes out. */
export function createWorker(settings: ChannelSettings, parts: WorkerParts) {
  const { name, channel, wants } = settings
  const { state, alerts, clock, random, deliveries, onFault } = parts
  const tables = createChannelTables(state, name)
  const settlement = createSettlement(name, tables, alerts, alert)
  const heads = new Map<number, Head>()
  const sleeper = createSleeper()
  const sending = new AbortController()
  let record = newRecord
  let isStopping = false
  let running: Promise<void> | undefined
  let seenAt = 0
  /** The result of a sent message that could not be saved, for example on a full disk. The message is not sent again because of that. */
  let unsettled: Tried | undefined

  async function run(): Promise<void> {
    while (!isStopping) {
      try {
        await turn(now())
      } catch (error) {
        onFault(error)
        await sleeper.sleep(secondMs)
      }
    }
  }

  /** If the clock was set back, the times of waiting notices move back with it. */
  function now(): number {
    const moment = clock()
    const backMs = seenAt - moment
    if (backMs > secondMs) {
      for (const [number, head] of heads) heads.set(number, { ...head, dueAt: head.dueAt - backMs })
      record = { ...record, pace: paceAt(record.pace, moment) }
    }
    seenAt = moment
    return moment
  }

  async function turn(now: number): Promise<void> {
    if (unsettled !== undefined) return settle(unsettled)
    if (heads.size > maxWaiting) return dropOldest(heads.size - maxWaiting, now)
    if (record.batch !== undefined) {
      const at = Math.max(triedAt(record.batch, now), freeAt(settings.pace.limits, record.pace))
      return at > now ? sleeper.sleep(Math.min(at - now, longestSleepMs)) : deliver()
    }
    const planned = plan(settings.pace, settings.quiet, record.pace, heads.values(), now)
    if ('at' in planned) return sleeper.sleep(Math.min(planned.at - now, longestSleepMs))
    await form(planned.send.map(({ number }) => number), now) // biome-ignore format: one thing
  }

  /** Composes a message and stores it; only then is it sent. */
  async function form(numbers: readonly number[], now: number): Promise<void> {
    const { composed, next, noted } = await state.transact(() => {
      const composed = compose(settings, numbers, { ...tables, alert }, now)
      for (const id of composed.forgotten) tables.putStanding(id, undefined)
      for (const number of composed.dropped) tables.removeNotice(number)
      if (!composed.isNews) return { composed, next: record, noted: [] }
      const { told, noted } = escalated(composed.told, now)
      const { more, over, settles } = composed
      const message: Message = { key: keyOf(name, numbers, now), at: now, told, more, over }
      const next = withBatch(record, message, settles, now)
      tables.putRecord(next)
      return { composed, next, noted }
    })
    record = next
    for (const number of composed.dropped) heads.delete(number)
    alerts.published(noted)
  }

  /** Records in the history of each alert that it is told because nobody has taken it. Call within a transaction. */
  function escalated(told: readonly Told[], now: number) {
    const noted: AlertChange[] = []
    if (wants.afterMs === undefined) return { told, noted }
    const further = told.map(one => {
      const { change, alert } = one
      const changed =
        change.what === 'cleared'
          ? undefined
          : alerts.note(alert.id, { what: 'escalated', channel: name }, now)
      if (changed !== undefined) noted.push(changed)
      return changed ?? one
    })
    return { told: further, noted }
  }

  async function deliver(): Promise<void> {
    const { batch, ...rest } = record
    if (batch === undefined) return
    const outcome = await attempt(batch.message)
    if (isStopping && !outcome.delivered) return
    const now = clock()
    unsettled = {
      batch,
      outcome,
      now,
      after: afterOutcome({ ...rest, batch }, outcome, settings, now, random()),
    }
    await settle(unsettled)
  }

  async function settle({ batch, outcome, now, after }: Tried): Promise<void> {
    let noted: AlertChange[] = []
    await state.transact(() => {
      tables.putRecord(after.record)
      if (after.verdict === 'given-up') noted = settlement.givenUp(batch.numbers, now)
      if (after.verdict === 'delivered') settlement.delivered(batch.numbers)
    })
    unsettled = undefined
    record = after.record
    if (after.verdict === 'delivered') deliveries.observe(now - batch.message.at)
    if (after.verdict !== 'again') for (const number of batch.numbers) heads.delete(number)
    if (!outcome.delivered) tell(after.verdict === 'given-up', outcome.fault, batch.numbers.length)
    else if (outcome.but !== undefined) tell(false, outcome.but, 0)
    alerts.published(noted)
  }

  function tell(isGivenUp: boolean, fault: string, count: number): void {
    onFault(
      isGivenUp
        ? new LintelError('NOTIFY_UNDELIVERED', `alerts.channels.${name}: gave up on ${count}: ${fault}`)
        : new LintelError('NOTIFY_FAILED', `alerts.channels.${name}: ${fault}`),
    )
  }

  async function dropOldest(count: number, now: number): Promise<void> {
    // A message being tried is settled by its tries; it is far smaller than the bound.
    const going = new Set(record.batch?.numbers)
    const others = [...heads.keys()].filter(number => !going.has(number))
    const numbers = others.sort((a, b) => a - b).slice(0, Math.min(count, 1000))
    const dropped = { ...record, undelivered: record.undelivered + numbers.length }
    const noted = await state.transact(() => {
      tables.putRecord(dropped)
      return settlement.givenUp(numbers, now)
    })
    record = dropped
    for (const number of numbers) heads.delete(number)
    tell(true, `more than ${maxWaiting} wait`, numbers.length)
    alerts.published(noted)
  }

  async function attempt(message: Message): Promise<Outcome> {
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), deadlineMs)
    const signal = AbortSignal.any([deadline.signal, sending.signal])
    const aborted = new Promise<Outcome>(resolve => {
      signal.addEventListener('abort', () => resolve(failed(`no answer within ${deadlineMs / 1000} s`)))
    })
    const sent = channel.send(message, signal).catch(error => failed(messageOf(error)))
    return Promise.race([sent, aborted]).finally(() => clearTimeout(timer))
  }

  function alert(id: string): Alert | undefined {
    try {
      return alerts.get(id)
    } catch {
      // It is older than alerts are kept.
      return undefined
    }
  }

  return {
    name,
    attempt,
    /** Call within the transaction of the change. */
    take(changed: AlertChange, now: number): void {
      const { id } = changed.alert
      const before = tables.standing(id)
      const { standing, notice } = take(wants, before, changed, now)
      if (standing !== before) tables.putStanding(id, standing)
      if (notice !== undefined) tables.putNotice(notice)
    },
    /** Call once the change is durable. */
    wake(number: number): void {
      const notice = tables.notice(number)
      if (notice === undefined) return
      heads.set(number, headOf(notice, clock()))
      sleeper.wake()
    },
    /** Call when the receiver is reachable again: a message waiting for its next try is tried now. */
    hurry(): void {
      if (record.batch !== undefined) record = { ...record, batch: { ...record.batch, nextAt: clock() } }
      sleeper.wake()
    },
    start(): void {
      const moment = clock()
      const kept = tables.record()
      record = { ...kept, pace: paceAt(kept.pace, moment) }
      for (const notice of tables.notices()) heads.set(notice.changed.change.number, headOf(notice, moment))
      channel.start?.()
      running = run()
    },
    async stop(): Promise<void> {
      isStopping = true
      sleeper.wake()
      const cut = setTimeout(() => sending.abort(), graceMs)
      await running
      clearTimeout(cut)
      await channel.stop?.()
    },
    heads: () => heads.values(),
    record: () => record,
  }
}

export type Worker = ReturnType<typeof createWorker>
