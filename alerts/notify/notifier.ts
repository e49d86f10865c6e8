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

/** How a channel is doing. Moments in epoch ms. */
export interface ChannelView {
  readonly name: string
  readonly kind: ChannelKind
  /** It is for alerts of these alone; absent: of all, and of the service. */
  readonly sites?: readonly string[]
  /** Notices that are due and not delivered, and since when the oldest is; those held by quiet hours among them. */
  readonly waiting: number
  readonly oldestAt?: number
  /** Messages delivered, tries that failed, notices given up: since the beginning. */
  readonly sent: number
  readonly failed: number
  readonly undelivered: number
  readonly sentAt?: number
  /** What the last try failed of; absent once one has succeeded. */
  readonly fault?: string
  readonly faultAt?: number
  readonly retryAt?: number
  /** It is in its quiet hours until then. */
  readonly quietUntil?: number
}

export interface Notifier extends Part, Follower {
  channels(): ChannelView[]
  /**
   * Takes other channels. What waits for one that stays waits on, and what is under way is sent to its end or again; what
   * waited for one that is gone is forgotten.
   */
  replace(channels: readonly ChannelSettings[]): Promise<void>
  /** Sends a message that says that it is a test, at once and once; if it gets through, so does what waits. Throws CHANNEL_NOT_FOUND. */
  test(name: string): Promise<Outcome>
  /** In the text format of Prometheus. */
  metrics(): Promise<string>
}

/**
 * Tells people of alerts over channels that do not know of each other: each has a durable queue and a worker of its
 * own, so one that hangs delays none. At least once: what was sent when the process died is sent again under its key.
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
          // From here on the new ones write down what is to be told; they begin to tell it once the old ones have ended.
          opened = open(settings)
          await Promise.all(before.map(worker => worker.stop()))
          try {
            await state.transact(() => removeOtherChannels(state, [...opened.keys()]))
          } finally {
            for (const worker of workers()) worker.start()
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

/** What channels tell Prometheus. */
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
