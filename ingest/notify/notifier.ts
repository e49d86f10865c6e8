import type { ChannelKind } from '../../core/alert-config.ts'
import { LintelError } from '../../core/errors.ts'
import { createGauges } from '../../core/gauges.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { Alerts, Follower } from '../alert/alerts.ts'
import type { Message, Outcome } from './channel.ts'
import { quietUntil } from './quiet-hours.ts'
import { removeOtherChannels } from './tables.ts'
import { type ChannelSettings, createWorker, type Worker, type WorkerParts } from './worker.ts'

export interface NotifierParts extends Omit<WorkerParts, 'alerts'> {
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
  /** Sends a message that says that it is a test, at once and once; if it gets through, so does what waits. Throws CHANNEL_NOT_FOUND. */
  test(name: string): Promise<Outcome>
  /** In the text format of Prometheus. */
  metrics(): Promise<string>
}

/**
 * Tells people of alerts over channels that do not know of each other: each has a durable queue and a worker of its
 * own, so one that hangs delays none. At least once: what was sent when the process died is sent again under its key.
 */
export function createNotifier({ channels, ...parts }: NotifierParts): Notifier {
  const { alerts, state, clock } = parts
  const workers = new Map(channels.map(settings => [settings.name, createWorker(settings, parts)]))
  const quiets = new Map(channels.map(({ name, quiet }) => [name, quiet]))
  const kinds = new Map(channels.map(({ name, channel }) => [name, channel.kind]))
  const sitesOf = new Map(channels.map(({ name, wants }) => [name, wants.sites]))
  let deafen: (() => void) | undefined

  function viewOf(worker: Worker): ChannelView {
    const now = clock()
    const { name } = worker
    const { batch, pace: _, ...told } = worker.record()
    const due = [...worker.heads()].map(({ dueAt }) => dueAt).filter(dueAt => dueAt <= now)
    const quiet = quiets.get(name)
    const until = quiet && quietUntil(quiet, now)
    const sites = sitesOf.get(name)
    return {
      name,
      kind: kinds.get(name)!,
      ...(sites === undefined ? {} : { sites }),
      waiting: due.length,
      ...(due.length === 0 ? {} : { oldestAt: due.reduce((a, b) => Math.min(a, b)) }),
      ...told,
      ...(batch === undefined || batch.tries === 0 ? {} : { retryAt: batch.nextAt }),
      ...(until === undefined ? {} : { quietUntil: until }),
    }
  }
  const views = () => [...workers.values()].map(viewOf)
  const gauges = gaugesOf(views, clock)

  const notifier: Notifier = {
    name: 'notifier',
    async start() {
      await state.transact(() => removeOtherChannels(state, [...workers.keys()]))
      deafen = alerts.listen(({ change }) => {
        for (const worker of workers.values()) worker.wake(change.number)
      })
      for (const worker of workers.values()) worker.start()
    },
    async stop() {
      deafen?.()
      await Promise.all([...workers.values()].map(worker => worker.stop()))
    },
    take(changed, now) {
      for (const worker of workers.values()) worker.take(changed, now)
    },
    channels: views,
    async test(name) {
      const worker = workers.get(name)
      if (worker === undefined)
        throw new LintelError('CHANNEL_NOT_FOUND', `there is no channel ${name.slice(0, 64)}; there are ${[...workers.keys()].join(', ')}`) // biome-ignore format: one thing
      const at = clock()
      const message: Message = { key: `test_${at}`, at, told: [], more: 0, over: 0, isTest: true }
      const outcome = await worker.attempt(message)
      if (outcome.delivered) worker.hurry()
      return outcome
    },
    metrics: () => gauges.text(),
  }
  alerts.follow(notifier)
  return notifier
}

function gaugesOf(views: () => ChannelView[], clock: () => number) {
  const gauges = createGauges()
  const each = (name: string, help: string, read: (view: ChannelView) => number) =>
    gauges.labelled(`lintel_notify_${name}`, help, 'channel', () =>
      views().map(view => [view.name, read(view)] as const),
    )
  each('waiting', 'Notices that are due and not delivered.', ({ waiting }) => waiting)
  each(
    'oldest_age_seconds',
    'How long the oldest of them is due; 0 in quiet hours.',
    ({ oldestAt, quietUntil }) =>
      oldestAt === undefined || quietUntil !== undefined ? 0 : (clock() - oldestAt) / 1000,
  )
  each('messages_total', 'Messages delivered.', ({ sent }) => sent)
  each('failures_total', 'Tries that failed.', ({ failed }) => failed)
  each('undelivered_total', 'Notices given up.', ({ undelivered }) => undelivered)
  return gauges
}
