import { expect, test } from 'vitest'
import type { Overview } from '../../api/operations/overview-view.ts'
import { statusLines } from '../../cli/status-lines.ts'

const now = Date.parse('2026-11-29T04:00:00Z')
const overview: Overview = {
  pid: 4711,
  version: '0.1.0',
  startedAt: now - 7_500_000,
  http: 'http://127.0.0.1:8080',
  gateway: {
    listening: { tcp: { host: '127.0.0.1', port: 1883 }, tls: { host: '0.0.0.0', port: 8883 } },
    connected: 23,
    lag: { intake: 5, watch: 0 },
  },
  devices: 26,
  journaled: { records: 1234, forMs: 3_600_000 },
  lastReceivedAt: now - 3000,
  alerts: { notice: 0, warning: 2, critical: 1 },
  disk: { freeBytes: 73.2e9, reserveBytes: 1e9 },
  clock: { state: 'sure', at: now, systemAt: now },
  restarts: { gateway: { ended: 0, hung: 0 }, ingest: { ended: 2, hung: 0 } },
  configured: { taggerWorkers: 1, taggerMaxBacklog: 500, uplink: false },
}
const linesOf = (change: Partial<Overview> = {}, wrong: Parameters<typeof statusLines>[1] = []) =>
  statusLines({ ...overview, ...change }, wrong, 'Asia/Shanghai', now)

test('the screen says since when it runs, where, and how much comes, waits and is open', () => {
  expect(linesOf()).toEqual([
    expect.stringMatching(/^lintel 0\.1\.0 is running, since 2026-11-29T09:55:00\+08:00 \(2 h 5 min\)$/),
    '  MQTT      127.0.0.1:1883 (tcp), 0.0.0.0:8883 (tls)',
    '  API       http://127.0.0.1:8080',
    '  devices   23 connected, 26 enrolled',
    '  events    1234 in the last 1 h; the latest 3 s ago',
    '  waiting   intake 5, watch 0 records',
    '  alerts    open: 2 warning, 1 critical',
    '  disk      73.2 GB free',
    expect.stringMatching(/^ {2}clock {5}the clock is believed: /),
    '  process   4711 (kill -HUP 4711 reads the configuration again)',
    '  restarts  ingest 2',
    'nothing is wrong with the service',
  ])
})

test('what is wrong stands at its end, and what is not known is said', () => {
  const { gateway: _, alerts: __, lastReceivedAt: ___, ...without } = overview
  const wrong = [{ check: 'gateway', result: 'problem', finding: 'it does not answer' }] as const
  const lines = statusLines({ ...without, restarts: {} }, wrong, 'Asia/Shanghai', now)
  expect(lines).toContain('  MQTT      no device can connect')
  expect(lines).toContain('  devices   26 enrolled')
  expect(lines).toContain('  events    1234 in the last 1 h; none ever')
  expect(lines).toContain('  waiting   not known')
  expect(lines.at(-1)).toBe('problem: gateway: it does not answer')
  expect(lines.join()).not.toContain('alerts')
})

test('without an open alert it says so', () => {
  expect(linesOf({ alerts: { notice: 0, warning: 0, critical: 0 } })).toContain('  alerts    none open')
})
