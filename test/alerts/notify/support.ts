import { onTestFinished, vi } from 'vitest'
import type { Alert, Change, ChangeKind } from '../../../alerts/book/alert.ts'
import type { AlertChange, Alerts } from '../../../alerts/book/alerts.ts'
import { createAlerts } from '../../../alerts/book/book.ts'
import type { Channel, Message, Outcome, Told } from '../../../alerts/notify/channel.ts'
import { createNotifier, type Notifier } from '../../../alerts/notify/notifier.ts'
import type { ChannelSettings } from '../../../alerts/notify/worker.ts'
import type { Finding, Severity } from '../../../alerts/rules/rule.ts'
import { createMemoryState } from '../../../core/state/memory-state.ts'
import type { State } from '../../../core/state/state.ts'

export const start = Date.parse('2026-11-24T02:00:00Z')

export const programs = { readers: 'programs', limits: [], atOnce: 50 } as const
export const people = { readers: 'people', limits: [{ count: 18, perMs: 60_000 }], atOnce: 1000 } as const

export function findingOf(
  site: string,
  kind: Finding['kind'],
  at: number,
  { rule = 'site-offline', severity = 'critical' as Severity, cause = `site@1` } = {},
): Finding {
  return {
    rule,
    kind,
    severity,
    place: { site },
    cause,
    occurredAt: at,
    receivedAt: at,
    parts: { missing: 90, known: 100 },
    ...(kind === 'cleared' ? { ending: 'over' } : {}),
  }
}

export function alertOf(values: Partial<Alert> = {}): Alert {
  return {
    id: '0123456789abcdef',
    rule: 'door-forced',
    severity: 'critical',
    place: { site: 'nanshe', building: 'b12', point: 'd1', device: 'door-1' },
    zone: 'Asia/Shanghai',
    status: 'open',
    active: true,
    cause: 'reported@1',
    parts: { how: 'reported' },
    occurredAt: start,
    receivedAt: start + 100,
    raisedAt: start + 150,
    times: 1,
    lastRaisedAt: start + 150,
    change: 7,
    ...values,
  }
}

export function toldOf(what: ChangeKind = 'raised', values: Partial<Alert> = {}, number = 7): Told {
  const alert = alertOf(values)
  const change: Change = { number, alert: alert.id, what, at: start + 150 }
  return { change, alert }
}

export const changedOf = (what: ChangeKind, values: Partial<Alert> = {}, number = 7): AlertChange =>
  toldOf(what, values, number)

export const messageOf = (told: readonly Told[], more = 0, over = 0): Message => ({
  key: 'msg_1',
  at: start,
  told,
  more,
  over,
})

/** A channel that keeps what it is sent. */
export function recorder(
  answer: (message: Message) => Promise<Outcome> | Outcome = () => ({ delivered: true }),
) {
  const sent: { message: Message; at: number }[] = []
  const channel: Channel = {
    kind: 'webhook',
    async send(message) {
      sent.push({ message, at: Date.now() })
      return answer(message)
    },
  }
  return { channel, sent, told: () => sent.map(({ message }) => message.told.map(describe)) }
}

export const describe = ({ change, alert }: Told) => `${alert.place.site} ${change.what}`

export const settingsOf = (
  name: string,
  channel: Channel,
  values: Partial<ChannelSettings> = {},
): ChannelSettings => ({
  name,
  channel,
  wants: { changes: 'main', least: 'notice' },
  pace: programs,
  giveUpMs: 86_400_000,
  ...values,
})

export interface Desk {
  readonly state: State
  readonly alerts: Alerts
  readonly notifier: Notifier
  readonly faults: unknown[]
  find(...findings: readonly Finding[]): Promise<void>
}

/** Alerts and a notifier in simulated time: nothing of it waits. */
export async function startDesk(
  channels: readonly ChannelSettings[],
  state: State = createMemoryState(),
): Promise<Desk> {
  const alerts = createAlerts(state, { zoneOf: () => 'Asia/Shanghai', keepDays: 30 })
  const faults: unknown[] = []
  const clock = () => Date.now()
  const notifier = createNotifier({
    state,
    alerts,
    channels,
    clock,
    random: () => 0.5,
    onFault: error => faults.push(error),
  })
  await notifier.start!()
  return {
    state,
    alerts,
    notifier,
    faults,
    async find(...findings) {
      const changed = await state.transact(() => alerts.record(findings, clock()))
      alerts.published(changed)
    },
  }
}

export function simulateTime(): void {
  vi.useFakeTimers({
    now: start,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
  })
  onTestFinished(() => void vi.useRealTimers())
}

export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
