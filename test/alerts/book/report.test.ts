import { array, assert, constantFrom, integer, property, record, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Alert, Change, ChangeKind } from '../../../alerts/book/alert.ts'
import { type AlertCase, maxOpen, reportOn, standings } from '../../../alerts/book/report.ts'
import { hourMs, minuteMs } from '../../../core/clock.ts'

const from = Date.UTC(2026, 10, 24)
const to = from + 12 * hourMs
const shift = { from, to }

type Said = readonly [atMin: number, what: ChangeKind, more?: Partial<Change>]
let ids = 0

/** An alert with what was said of it, in minutes of the shift. */
function caseOf(said: readonly Said[], alert: Partial<Alert> = {}): AlertCase {
  const id = `a${ids++}`
  const history = said.map(([atMin, what, more], n) => ({
    number: n + 1,
    alert: id,
    what,
    at: from + atMin * minuteMs,
    ...more,
  }))
  const place = { site: '南社', building: 'b01', point: 'd01' }
  const base = {
    id,
    rule: 'door-held',
    severity: 'warning',
    place,
    zone: 'UTC',
    parts: { openS: 90, part: 'case' },
    raisedAt: history[0]!.at,
    times: 1,
  }
  return { alert: { ...base, ...alert } as Alert, history }
}
const none = Object.fromEntries(standings.map(standing => [standing, 0]))
const by = { by: '王' }
const real = { ...by, outcome: 'real' } as const
const wrong = { ...by, outcome: 'false-alarm' } as const

describe('a report of a shift', () => {
  const cases: { title: string; said: readonly Said[]; standing: object; ackMin?: number; resolveMin?: number; raised?: number }[] = [
    { title: 'goes on at its end', said: [[5, 'raised']], standing: { open: 1 } },
    { title: 'ended by itself', said: [[5, 'raised'], [9, 'cleared']], standing: { cleared: 1 } },
    {
      title: 'was taken and resolved',
      said: [[5, 'raised'], [8, 'acknowledged', by], [25, 'resolved', real]],
      standing: { real: 1 }, ackMin: 3, resolveMin: 20,
    },
    {
      title: 'was resolved at once',
      said: [[5, 'raised'], [25, 'resolved', wrong]],
      standing: { 'false-alarm': 1 }, ackMin: 20, resolveMin: 20,
    },
    {
      title: 'was resolved while it went on, and ended later',
      said: [[5, 'raised'], [25, 'resolved', real], [60, 'cleared']],
      standing: { real: 1 }, ackMin: 20, resolveMin: 20,
    },
    {
      title: 'had ended before somebody said what it was, which nobody waited for',
      said: [[5, 'raised'], [9, 'cleared'], [300, 'resolved', real]],
      standing: { real: 1 },
    },
    {
      title: 'was slept over, and taken after that',
      said: [[5, 'raised'], [65, 'woken'], [70, 'acknowledged', by]],
      standing: { open: 1 }, ackMin: 5,
    },
    {
      title: 'came again after it was resolved',
      said: [[5, 'raised'], [6, 'resolved', wrong], [10, 'reopened'], [17, 'acknowledged', by], [18, 'cleared']],
      standing: { cleared: 1 }, ackMin: 7, resolveMin: 1,
    },
    {
      title: 'came again, and whoever had it has it still',
      said: [[5, 'raised'], [6, 'acknowledged', by], [8, 'cleared'], [10, 'reopened'], [14, 'resolved', real]],
      standing: { real: 1 }, ackMin: 1, resolveMin: 4,
    },
    {
      title: 'closed by itself in a maintenance window',
      said: [[5, 'raised'], [9, 'cleared', { outcome: 'maintenance' }]],
      standing: { maintenance: 1 },
    },
    {
      title: 'began before and was resolved in it',
      said: [[-30, 'raised'], [-20, 'acknowledged', by], [20, 'resolved', real]],
      standing: { real: 1 }, resolveMin: 50, raised: 0,
    },
    { title: 'was over before', said: [[-30, 'raised'], [-20, 'cleared']], standing: {}, raised: 0 },
    { title: 'began later', said: [[721, 'raised']], standing: {}, raised: 0 },
    { title: 'was resolved later', said: [[5, 'raised'], [721, 'resolved', real]], standing: { open: 1 } },
    { title: 'ended to the moment of its end', said: [[5, 'raised'], [720, 'cleared']], standing: { open: 1 } },
  ] // biome-ignore format: a table

  for (const { title, said, standing, ackMin, resolveMin, raised = 1 } of cases)
    test(`counts one that ${title}`, () => {
      const report = reportOn([caseOf(said)], shift)
      expect(report.byStanding).toEqual({ ...none, ...standing })
      expect(report.raised).toBe(raised)
      const medians = [report.toAcknowledge.medianMs, report.toResolve.medianMs]
      const toMs = (min: number | undefined) => (min === undefined ? undefined : min * minuteMs)
      // One that came again has two times; the median of two is the shorter.
      if (!title.startsWith('came again after')) expect(medians).toEqual([toMs(ackMin), toMs(resolveMin)])
      else expect(medians).toEqual([minuteMs, minuteMs])
    })

  test('has the median and the ninth of ten of how long it took', () => {
    const cases = Array.from({ length: 10 }, (_, n) => caseOf([[0, 'raised'], [n + 1, 'acknowledged', by]])) // biome-ignore format: one line
    expect(reportOn(cases, shift).toAcknowledge).toEqual({
      count: 10,
      medianMs: 5 * minuteMs,
      p90Ms: 9 * minuteMs,
    })
  })

  test('counts by rule and severity, the most frequent first, and how often each came again', () => {
    const tamper = { rule: 'tamper', severity: 'critical' } as const
    const cases = [
      caseOf([[1, 'raised']], tamper),
      caseOf([[1, 'raised'], [2, 'cleared'], [3, 'reopened']]), // biome-ignore format: one line
      caseOf([[1, 'raised'], [2, 'cleared']]), // biome-ignore format: one line
    ]
    const report = reportOn(cases, shift)
    expect(report).toMatchObject({ raised: 3, times: 4, bySeverity: { notice: 0, warning: 2, critical: 1 } })
    expect(report.byRule).toEqual([
      { rule: 'door-held', raised: 2, times: 3, ...none, open: 1, cleared: 1 },
      { rule: 'tamper', raised: 1, times: 1, ...none, open: 1 },
    ])
  })

  test('says where a rule was more often false than not, of three at least, tests aside', () => {
    const said = (outcome: string, place: object) =>
      caseOf([[1, 'raised'], [2, 'resolved', { ...by, outcome } as Partial<Change>]], { place }) // biome-ignore format: one line
    const [a, b, c] = ['a', 'b', 'c'].map(point => ({ site: 's', building: 'x', point, device: `${point}1` }))
    const cases = [
      ...['false-alarm', 'false-alarm', 'real', 'test'].map(outcome => said(outcome, a!)),
      ...['false-alarm', 'false-alarm'].map(outcome => said(outcome, b!)),
      ...['real', 'false-alarm', 'real', 'maintenance'].map(outcome => said(outcome, c!)),
    ]
    expect(
      reportOn(cases, shift).judged.map(({ place, ...row }) => [
        place.point,
        row.falseAlarms,
        row.judged,
        row.isMostlyFalse,
      ]),
    ).toEqual([
      ['a', 2, 3, true],
      ['b', 2, 2, false],
      ['c', 1, 3, false],
    ])
    expect(reportOn(cases, shift).judged[0]!.place).toEqual({ site: 's', building: 'x', point: 'a' })
  })

  test('names what goes on at its end, the latest first, with who had taken it, and what was not delivered', () => {
    const cases = [
      caseOf([[1, 'raised'], [2, 'undelivered', { channel: 'sms' }], [3, 'escalated'], [4, 'acknowledged', by], [5, 'escalated'], [6, 'assigned', { assignee: 'wang' }]]), // biome-ignore format: one line
      caseOf([[9, 'raised'], [10, 'undelivered', { channel: 'sms' }], [800, 'acknowledged', by]]), // biome-ignore format: one line
    ]
    const report = reportOn(cases, shift)
    expect(report).toMatchObject({ escalated: 1, undelivered: { sms: 2 } })
    expect(report.open.map(({ id, acknowledgedBy }) => [id, acknowledgedBy])).toEqual([
      [cases[1]!.alert.id, undefined],
      [cases[0]!.alert.id, '王'],
    ])
    const many = Array.from({ length: maxOpen + 5 }, () => caseOf([[1, 'raised']]))
    expect(reportOn(many, shift).open).toHaveLength(maxOpen)
    expect(reportOn(many, shift).byStanding.open).toBe(maxOpen + 5)
  })

  test('has every alert once, whatever happened, and two halves of it hold what began in the whole', () => {
    const what = constantFrom('reopened', 'cleared', 'acknowledged', 'resolved', 'woken', 'commented')
    const said = record({ afterMin: integer({ min: 0, max: 200 }), what })
    const histories = array(tuple(integer({ min: -100, max: 800 }), array(said, { maxLength: 8 })), {
      maxLength: 12,
    })
    assert(
      property(histories, drawn => {
        const cases = drawn.map(([atMin, rest]) => {
          let at = atMin
          const told = rest.map(({ afterMin, what }): Said => {
            at += afterMin
            return [at, what as ChangeKind, what === 'resolved' ? real : by]
          })
          return caseOf([[atMin, 'raised'], ...told])
        })
        const report = reportOn(cases, shift)
        const sum = (counts: object) => Object.values(counts).reduce((a, b) => a + b, 0)
        expect(sum(report.byStanding)).toBeLessThanOrEqual(cases.length)
        expect(sum(report.bySeverity)).toBe(report.raised)
        expect(report.byRule.reduce((total, { times }) => total + times, 0)).toBe(report.times)
        const middle = from + 5 * hourMs
        const halves = [{ from, to: middle }, { from: middle, to }].map(half => reportOn(cases, half)) // biome-ignore format: one line
        expect(halves[0]!.times + halves[1]!.times).toBe(report.times)
        expect(halves[0]!.toResolve.count + halves[1]!.toResolve.count).toBe(report.toResolve.count)
        expect(halves[1]!.byStanding.open).toBe(report.byStanding.open)
      }),
    )
  })
})
