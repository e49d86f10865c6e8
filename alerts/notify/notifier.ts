import type { ChannelKind } from '../../config/alerts.ts'
import { Durations } from '../../core/durations.ts'
import { LintelError } from '../../core/errors.ts'
import type { Part } from '../../core/lifecycle.ts'
import { createMetricSet, type Metrics } from '../../core/metrics.ts'
import type { Alerts, Follower } from '../book/alerts.ts'
import type { Message, Outcome } from './channel.ts'
import { quietUntil } from './quiet-hours.ts'
import { removeOtherChannels } from './tables.ts'
import { type ChannelSettings, createWorker, type Worker, type WorkerParts } from './worker.ts'

export interface NotifierParts extends Omit<WorkerParts, 'alerts' | 'deliveries'> {
  readonly alerts: Pick<Alerts, 'follow' | 'get' | 'note' | 'published' | 'listen'>
  readonly channels: readonly ChannelSettings[]
}

/** State of a channel. Times in epoch ms. */
export interface ChannelView {
  readonly name: string
  readonly kind: ChannelKind
  /** Only alerts of these sites; absent means all, and those about the service. */
  readonly sites?: readonly string[]
  /** Notices due and not delivered, and since when the oldest has been due; those held by quiet hours included. */
  readonly waiting: number
  readonly oldestAt?: number
  /** Messages delivered, failed tries, and notices given up, since the channel was first used. */
  readonly sent: number
  readonly failed: number
  readonly undelivered: number
  readonly sentAt?: number
  /** Error of the last try; absent once a try has succeeded. */
  readonly fault?: string
  readonly faultAt?: number
  readonly retryAt?: number
  /** End of the current quiet hours. */
  readonly quietUntil?: number
}

export interface Notifier extends Part, Follower {
  channels(): ChannelView[]
  /**
   * Replaces the channels. If a channel stays, its queue stays too, and a message under way is finished or sent again.
   * If a channel is removed, its queue is deleted.
   */
  replace(channels: readonly ChannelSettings[]): Promise<void>
  /**
   * Sends a test message immediately, with one try. If it is delivered, waiting messages are tried right away. Throws
   * CHANNEL_NOT_FOUND.
   */
  test(name: string): Promise<Outcome>
  /** In the text format of Prometheus. */
  metrics(): Promise<string>
}

/**
 * Tells people of alerts over independent channels: each has a durable queue and its own worker, so one that hangs
 * delays no other. Delivery is at least once: a message being sent when the process died is sent again under the same
 * key.
 */
export function createNotifier({ channels, ...others }: NotifierParts): Notifier {
  const deliveries = new Durations()
  const parts = { ...others, deliveries }
  const { alerts, state, clock } = parts
  const open = (settings: readonly ChannelSettings[]) =>
    new Map(settings.map(one => [one.name, { settings: one, worker: createWorker(one, parts) }]))
  let opened = open(channels)
  const workers = () => [...opened.values()].map(({ worker }) => worker)
  let deafen: (() => void) | undefined
  let isStopped = false
  let changing: Promise<void> = Promise.resolve()

  function viewOf({ settings, worker }: { settings: ChannelSettings; worker: Worker }): ChannelView {
    const now = clock()
    const { name, quiet, channel } = settings
    const { batch, pace: _, ...told } = worker.record()
    const due = [...worker.heads()].map(({ dueAt }) => dueAt).filter(dueAt => dueAt <= now)
    const until = quiet && quietUntil(quiet, now)
    const { sites } = settings.wants
    return {
      name,
      kind: channel.kind,
      ...(sites === undefined ? {} : { sites }),
      waiting: due.length,
      ...(due.length === 0 ? {} : { oldestAt: due.reduce((a, b) => Math.min(a, b)) }),
      ...told,
      ...(batch === undefined || batch.tries === 0 ? {} : { retryAt: batch.nextAt }),
      ...(until === undefined ? {} : { quietUntil: until }),
    }
  }
  const views = () => [...opened.values()].map(viewOf)
  const { text: metrics } = createNotifyMetrics(views, deliveries, clock)

  const notifier: Notifier = {
    name: 'notifier',
    async start() {
      await state.transact(() => removeOtherChannels(state, [...opened.keys()]))
      deafen = alerts.listen(({ change }) => {
        for (const worker of workers()) worker.wake(change.number)
      })
      for (const worker of workers()) worker.start()
    },
    async stop() {
      deafen?.()
      isStopped = true
      await changing.catch(() => {})
      await Promise.all(workers().map(worker => worker.stop()))
    },
    take(changed, now) {
      for (const worker of workers()) worker.take(changed, now)
    },
    channels: views,
    replace(settings) {
      changing = changing
        .catch(() => {})
        .then(async () => {
          if (isStopped) return
          const before = workers()
          // From here on the new workers write down what is to be told; they start sending once the old ones have ended.
          opened = open(settings)
          await Promise.all(before.map(worker => worker.stop()))
          try {
            await state.transact(() => removeOtherChannels(state, [...opened.keys()]))
          } finally {
            for (const worker of workers()) {
              worker.start()
              // Notices that waited because of a wrong address are tried again at once.
              worker.hurry()
            }
          }
        })
      return changing
    },
    async test(name) {
      const worker = opened.get(name)?.worker
      if (worker === undefined)
        throw new LintelError('CHANNEL_NOT_FOUND', `there is no channel ${name.slice(0, 64)}; there are ${[...opened.keys()].join(', ')}`) // biome-ignore format: one thing
      const at = clock()
      const message: Message = { key: `test_${at}`, at, told: [], more: 0, over: 0, isTest: true }
      const outcome = await worker.attempt(message)
      if (outcome.delivered) worker.hurry()
      return outcome
    },
    metrics,
  }
  alerts.follow(notifier)
  return notifier
}

/** Prometheus metrics of the channels. */
export function createNotifyMetrics(
  views: () => ChannelView[],
  deliveries: Durations,
  clock: () => number,
): Metrics {
  const metrics = createMetricSet()
  const each = (read: (view: ChannelView) => number) => () =>
    views().map(view => [view.name, read(view)] as const)
  metrics.gauges(
    'lintel_notify_waiting',
    'Notices that are due and not delivered.',
    'channel',
    each(({ waiting }) => waiting),
  )
  metrics.gauges(
    'lintel_notify_oldest_age_seconds',
    'How long the oldest of them is due; 0 in quiet hours.',
    'channel',
    each(({ oldestAt, quietUntil }) =>
      oldestAt === undefined || quietUntil !== undefined ? 0 : (clock() - oldestAt) / 1000,
    ),
  )
  metrics.counters(
    'lintel_notify_messages_total',
    'Messages delivered.',
    'channel',
    each(({ sent }) => sent),
  )
  metrics.counters(
    'lintel_notify_failures_total',
    'Tries that failed.',
    'channel',
    each(({ failed }) => failed),
  )
  metrics.counters(
    'lintel_notify_undelivered_total',
    'Notices given up.',
    'channel',
    each(({ undelivered }) => undelivered),
  )
  metrics.histogram('lintel_notify_delivery_seconds', 'From writing a message to its delivery.', deliveries)
  return metrics
}
