import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { replay } from '../../../alerts/detect/replay.ts'
import { parseRules } from '../../../alerts/rules/rule-settings.ts'
import { readRecording } from '../../../cli/recording.ts'
import { formatRfc3339 } from '../../../core/rfc3339.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const t = Date.parse('2026-11-20T08:00:00+08:00')
const minute = 60
const hour = 3600

/** Said by the device as of `at` by its clock, received at `received`; both in seconds. */
interface Line {
  readonly type: string
  readonly at: number
  readonly received: number
  readonly data: object
}

const line = (type: string, at: number, data: object, received = at): Line => ({ type, at, received, data })
const door = (at: number, state: string, received = at) => line('door', at, { state }, received)
const health = (at: number, received = at) => line('health', at, { uptimeS: 5 }, received)
const denied = (at: number, received = at) =>
  line('passage', at, { direction: 'in', result: 'denied', method: 'card', reason: 'expired' }, received)
const tamper = (at: number, received = at) => line('tamper', at, { part: 'case', active: true }, received)

/** As a device says it whose clock is so far behind. */
const slow = (lines: readonly Line[], byS: number) => lines.map(one => ({ ...one, at: one.at - byS }))
const every = (count: number, seconds: number, from = 0) =>
  Array.from({ length: count }, (_, i) => from + i * seconds)

async function told(lines: readonly Line[]): Promise<string[]> {
  const path = join(await temporaryDirectory(), 'recording.jsonl')
  const time = (seconds: number) => formatRfc3339(t + seconds * 1000)
  const rows = lines.map(({ type, at, received, data }, i) =>
    JSON.stringify({ device: 'd1', id: `e-${i}`, type, time: time(at), received: time(received), data }),
  )
  writeFileSync(path, rows.join('\n'))
  const found = [...replay(await readRecording([path], {}), parseRules({}), 20 * minute * 1000)]
  return found.map(({ kind, rule, receivedAt }) => `${rule} ${kind} ${Math.round((receivedAt - t) / 1000)}`)
}

const healthy = every(10, 5 * minute).map(at => health(at))
const alarms = [
  door(2800, 'forced'), door(2805, 'closed'), tamper(2830), ...every(6, 10, 2840).map(at => denied(at)),
  door(2950, 'open'), door(2970, 'closed'), door(3000, 'open'), door(3120, 'closed'),
] // biome-ignore format: what happens, in order

describe('a clock that is steadily off', () => {
  const offsets = [
    { title: '3 minutes behind', byS: 3 * minute },
    { title: '6 minutes behind', byS: 6 * minute },
    { title: '1 hour behind', byS: hour },
    { title: '8 hours behind', byS: 8 * hour },
    { title: '40 days behind', byS: 40 * 24 * hour },
    { title: 'at 1970', byS: (t / 1000) | 0 },
    { title: '10 minutes ahead', byS: -10 * minute },
    { title: '8 hours ahead', byS: -8 * hour },
  ]
  test.each(offsets)(
    '$title is told, and so is all that a right one tells, at the same time',
    async ({ byS }) => {
      const right = await told([...healthy, ...alarms])
      expect(right).toEqual([
      'door-forced raised 2800', 'tamper raised 2830', 'door-forced cleared 2865', 'denied-burst raised 2880',
      'door-held raised 3090', 'door-held cleared 3140', 'denied-burst cleared 3190',
    ]) // biome-ignore format: what is told, in order
      const wrong = await told(slow([...healthy, ...alarms], byS))
      expect(wrong.filter(one => one.startsWith('clock-skew'))).toEqual([expect.stringContaining('raised')])
      expect(wrong.filter(one => !one.startsWith('clock-skew'))).toEqual(right)
    },
  )

  test('less than two minutes behind is not told, and makes no door held that was closed in time', async () => {
    expect(
      await told(
        slow(
          [...healthy, ...every(10, minute, 2800).flatMap(s => [door(s, 'open'), door(s + 30, 'closed')])],
          100,
        ),
      ),
    ).toEqual([])
  })
})

describe('a backlog', () => {
  const away = [
    ...healthy.slice(0, 3),
    ...[door(1000, 'forced'), tamper(1100), ...every(8, 10, 1200).map(at => denied(at))],
  ]
  test.each([0.01, 0.5, 2])('that comes by one message each %d s is silent', async pace => {
    const lines = [...away, ...every(40, 4 * minute, 1300).map(at => health(at))]
    const kept = lines.slice(3).sort((a, b) => a.at - b.at)
    const back = 1300 + 40 * 4 * minute
    const late = kept.map((one, i) => ({ ...one, received: back + i * pace }))
    expect(
      await told([
        ...lines.slice(0, 3),
        ...late,
        ...every(4, 5 * minute, back + 5 * minute).map(at => health(at)),
      ]),
    ).toEqual([])
  })

  test('under a clock of 1970 is one of long ago, by the distances that it had', async () => {
    const epoch = -t / 1000
    const kept = every(6, 30 * minute).map((at, i) => denied(epoch + at, 3 * hour + i * 0.01))
    const forced = door(epoch + 2.8 * hour, 'forced', 3 * hour + 0.06)
    expect(await told([health(-minute), ...kept, forced])).toEqual(['clock-skew raised 10800'])
  })
})

describe('a clock that is set back by half a minute between two events', () => {
  const passing = [
    line('passage', -24, { direction: 'in', result: 'granted', method: 'card' }, 6),
    door(-23, 'open', 7),
    door(-18, 'closed', 12),
  ]
  const usual = every(20, 20, -500).flatMap(at => [
    line('passage', at, { direction: 'in', result: 'granted', method: 'card' }),
    door(at + 1, 'open'),
    door(at + 5, 'closed'),
  ])
  const cases = [
    { title: 'closes what was opened before', lines: [door(0, 'open'), door(-25, 'closed', 5)], expect: [] },
    { title: 'opens what was closed before', lines: [door(-9, 'open'), door(0, 'closed'), door(-25, 'open', 5)], expect: ['door-held raised 95'] },
    { title: 'lets a passage explain an opening', lines: [...usual, health(0), ...passing], expect: [] },
    { title: 'ends what was tampered with', lines: [tamper(0), line('tamper', -10, { part: 'case', active: false }, 20)], expect: ['tamper raised 0', 'tamper cleared 50'] },
    { title: 'tells a second forcing', lines: [door(-100, 'forced'), door(-50, 'closed'), health(100), door(71, 'forced', 101)], expect: ['door-forced raised -100', 'door-forced cleared 10', 'door-forced raised 101'] },
    { title: 'is not taken from what came together', lines: [door(5, 'closed'), door(0, 'open', 5.01)], expect: [] },
  ] // biome-ignore format: a table
  test.each(cases)('$title', async ({ lines, expect: expected }) => {
    const found = await told(lines)
    expect(found.slice(0, expected.length || undefined)).toEqual(expected)
  })
})
