import { durationOf } from '../alerts/rules/explain.ts'
import type { Overview } from '../api/operations/overview-view.ts'
import { secondMs } from '../core/clock.ts'
import { formatLocal } from '../flow/zone.ts'
import { textOf } from './commands/clock.ts'
import type { Finding } from './doctor/finding.ts'

/** The screen of `lintel status`. `now` in epoch ms, by the local clock. */
export function statusLines(
  overview: Overview,
  wrong: readonly Finding[],
  zone: string,
  now: number,
): string[] {
  const { version, pid, startedAt, http, gateway, alerts, clock, restarts } = overview
  const lasts = (ms: number) => durationOf(Math.floor(Math.max(0, ms) / secondMs), 'en')
  const listening = Object.entries(gateway?.listening ?? {}).flatMap(([name, at]) =>
    at === undefined ? [] : [`${at.host}:${at.port} (${name})`],
  )
  const again = Object.entries(restarts).filter(([, { ended }]) => ended > 0)
  const rows: [string, string][] = [
    ['MQTT', listening.join(', ') || 'no device can connect'],
    ['API', http],
    ['devices', devicesOf(overview)],
    ['events', eventsOf(overview, lasts, now)],
    ['waiting', gateway === undefined ? 'not known' : waitingOf(gateway.lag)],
    ...(alerts === undefined ? [] : ([['alerts', alertsOf(alerts)]] as [string, string][])),
    ['disk', `${(overview.disk.freeBytes / 1e9).toFixed(1)} GB free`],
    ['clock', textOf(clock, zone)],
    ['process', `${pid} (kill -HUP ${pid} reads the configuration again)`],
    ...(again.length === 0 ? [] : ([['restarts', again.map(([name, { ended }]) => `${name} ${ended}`).join(', ')]] as [string, string][])),
  ] // biome-ignore format: a table
  return [
    `lintel ${version} is running, since ${formatLocal(zone, startedAt)} (${lasts(now - startedAt)})`,
    ...rows.map(([name, text]) => `  ${name.padEnd(9)} ${text}`),
    ...(wrong.length === 0
      ? ['nothing is wrong with the service']
      : wrong.map(({ check, result, finding }) => `${result}: ${check}: ${finding}`)),
  ]
}

function devicesOf({ gateway, devices }: Overview): string {
  const enrolled = `${devices} enrolled`
  return gateway === undefined ? enrolled : `${gateway.connected} connected, ${enrolled}`
}

function eventsOf(
  { journaled, lastReceivedAt }: Overview,
  lasts: (ms: number) => string,
  now: number,
): string {
  const lately = `${journaled.records} in the last ${lasts(journaled.forMs)}`
  return lastReceivedAt === undefined
    ? `${lately}; none ever`
    : `${lately}; the latest ${lasts(now - lastReceivedAt)} ago`
}

function waitingOf(lag: Readonly<Record<string, number>>): string {
  const each = Object.entries(lag).map(([consumer, records]) => `${consumer} ${records}`)
  return each.length === 0 ? 'nothing reads this journal' : `${each.join(', ')} records`
}

function alertsOf(open: NonNullable<Overview['alerts']>): string {
  const told = Object.entries(open).flatMap(([severity, count]) =>
    count === 0 ? [] : [`${count} ${severity}`],
  )
  return told.length === 0 ? 'none open' : `open: ${told.join(', ')}`
}
