import { expect, test } from 'vitest'
import type { ChannelView } from '../../alerts/notify/notifier.ts'
import { channelFindings, channelsOf } from '../../cli/doctor/channel-findings.ts'
import { minuteMs } from '../../core/clock.ts'
import { type ErrorCode, LintelError } from '../../core/errors.ts'

const now = Date.UTC(2026, 10, 29)
const channel: ChannelView = { name: 'ops', kind: 'webhook', waiting: 2, sent: 9, failed: 11, undelivered: 0 }
const since = (ms: number) => ({ oldestAt: now - ms })

const cases: { title: string; change: Partial<ChannelView>; results: string[] }[] = [
  { title: 'nothing waits', change: { waiting: 0 }, results: [] },
  { title: 'a notice waits for half a minute', change: since(minuteMs / 2), results: [] },
  {
    title: 'a notice waits for half a minute, whose try failed',
    change: { ...since(minuteMs / 2), fault: 'refused' },
    results: ['warning'],
  },
  { title: 'a notice waits for two minutes', change: since(2 * minuteMs), results: ['warning'] },
  { title: 'a notice waits for ten minutes', change: since(10 * minuteMs), results: ['problem'] },
  { title: 'it waits in quiet hours', change: { ...since(60 * minuteMs), quietUntil: now + 1 }, results: [] },
]
for (const { title, change, results } of cases)
  test(`a channel on which ${title} is ${results[0] ?? 'no finding'}`, () => {
    expect(channelFindings([{ ...channel, ...change }], now).map(({ result }) => result)).toEqual(results)
  })

test('a finding names the channel, how much waits, and what the last try failed of', () => {
  const down = { ...channel, ...since(646_000), fault: 'connect ECONNREFUSED 127.0.0.1:9000' }
  expect(channelFindings([down], now)).toEqual([
    {
      check: 'channel',
      result: 'problem',
      finding:
        'ops: 2 notices wait, the oldest for 646 s: connect ECONNREFUSED 127.0.0.1:9000 (lintel alerts channels)',
    },
  ])
})

test('a gateway alone, which has no channels, is no finding; another refusal is told', async () => {
  const refuse = (code: ErrorCode) => async () => {
    throw new LintelError(code, 'no')
  }
  expect(await channelsOf(refuse('API_UNAVAILABLE'))).toEqual([])
  await expect(channelsOf(refuse('API_FORBIDDEN'))).rejects.toMatchObject({ code: 'API_FORBIDDEN' })
})
