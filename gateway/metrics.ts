import { dayMs, secondMs } from '../core/clock.ts'
import { createMetricSet, type Metrics } from '../core/metrics.ts'
import { addProcessMetrics } from '../core/process-metrics.ts'
import type { TrustedTime } from '../core/trusted-time/trusted-time.ts'
import type { WaitingRoom } from './admit/waiting-room.ts'
import type { Broker } from './broker/broker.ts'
import type { Journal } from './journal/journal.ts'
import type { RefusalLog } from './refusal-log.ts'

export interface MetricParts {
  broker: Broker
  journal: Journal
  waitingRoom: WaitingRoom
  refusals: RefusalLog
  /** Number of records that each consumer of the journal is behind. */
  lag: () => Readonly<Record<string, number>>
  time: Pick<TrustedTime, 'view'>
  /** Number of damaged data files that are set aside. */
  setAside: () => number
}

/** Prometheus metrics of the gateway, read from its parts when they are asked for: the hot path counts nothing twice. */
export function createGatewayMetrics({
  broker,
  journal,
  waitingRoom,
  refusals,
  lag,
  time,
  setAside,
}: MetricParts): Metrics {
  const metrics = createMetricSet()
  const { gauge, gauges, counter, counters, histogram } = metrics

  gauge('lintel_connected_devices', 'Devices connected now.', () => broker.stats().connected)
  gauge('lintel_in_flight_messages', 'Messages read and not yet durable.', () => broker.stats().inFlight)
  gauge('lintel_in_flight_bytes', 'Bytes of such messages.', () => broker.stats().inFlightBytes)
  counter(
    'lintel_reading_pauses_total',
    'Times a socket was left unread because too much was in flight.',
    () => broker.stats().pauses,
  )
  counter(
    'lintel_answers_held_back_total',
    'Answers to devices that were not sent because there were too many.',
    () => broker.stats().heldBack,
  )
  counters(
    'lintel_connection_waits_total',
    'Times a socket was left unread: too many packets or bytes, too much work, answers left unread.',
    'why',
    () => Object.entries(broker.stats().waits),
  )
  counter(
    'lintel_connections_displaced_total',
    'Silent connections that made room for others.',
    () => broker.stats().displaced,
  )
  counter(
    'lintel_subscriptions_denied_total',
    'Topics that were denied to devices.',
    () => broker.stats().denied,
  )
  gauge('lintel_journal_end', 'Last position of the journal.', () => journal.stats().end)
  gauge('lintel_journal_records', 'Records in the journal.', () => journal.stats().records)
  gauge('lintel_journal_bytes', 'Bytes of records in the journal.', () => journal.stats().bytes)
  gauge('lintel_journal_pending_bytes', 'Bytes that wait for a commit.', () => journal.stats().pendingBytes)
  histogram(
    'lintel_journal_append_seconds',
    'From taking a message to its being durable, which is what its ack waits for.',
    journal.stats().appends,
  )
  histogram('lintel_journal_commit_seconds', 'Commits of the journal.', journal.stats().commits)
  gauge(
    'lintel_journal_refusing',
    '1 while the journal refuses appends, because it or its disk is full.',
    () => (journal.stats().refusing === undefined ? 0 : 1),
  )
  gauge(
    'lintel_damaged_files',
    'Data files that were damaged, were rebuilt, and are set aside for somebody to look at.',
    setAside,
  )
  gauge('lintel_parked_items', 'Payloads parked now.', () => journal.stats().parked)
  counter(
    'lintel_parked_dropped_total',
    'Parked payloads that were dropped to make room for others.',
    () => journal.stats().parkedDropped,
  )
  gauge('lintel_remembered_ids', 'Ids known for telling duplicates.', () => journal.stats().remembered)
  gauge(
    'lintel_remembered_largest',
    'Of these, such as are of the device that has most.',
    () => journal.stats().rememberedLargest,
  )
  counter(
    'lintel_remembered_gave_way_total',
    'Ids forgotten before their time because there were too many.',
    () => journal.stats().rememberedGaveWay,
  )
  gauge(
    'lintel_remembered_seconds',
    'How far back they reach.',
    () => (journal.stats().rememberedDays * dayMs) / secondMs,
  )
  gauge('lintel_clock_in_doubt', '1 while the clock is in doubt and nothing is deleted by age.', () =>
    time.view().state === 'sure' ? 0 : 1,
  )
  gauge('lintel_clock_doubt_seconds', 'How long it has been in doubt while the machine ran.', () =>
    Math.round((time.view().doubtForMs ?? 0) / secondMs),
  )
  gauge('lintel_clock_off_seconds', 'The clock of the system less the time that is gone by.', () => {
    const { at, systemAt } = time.view()
    return Math.round((systemAt - at) / secondMs)
  })
  gauge('lintel_waiting_pictures', 'Snapshots that wait for the tagger.', () => waitingRoom.stats().pictures)
  gauge('lintel_waiting_bytes', 'Bytes of such snapshots.', () => waitingRoom.stats().bytes)
  counter(
    'lintel_waiting_evicted_total',
    'Snapshots dropped because there were too many.',
    () => waitingRoom.stats().evicted,
  )
  counter(
    'lintel_waiting_expired_total',
    'Snapshots dropped because they waited too long.',
    () => waitingRoom.stats().expired,
  )
  gauges('lintel_consumer_lag', 'Records that a consumer is behind.', 'consumer', () => Object.entries(lag()))
  counters(
    'lintel_refusals_total',
    'Connections and messages turned away, by code.',
    'code',
    () => refusals.counts,
  )
  addProcessMetrics(metrics, 'gateway')
  return metrics
}
