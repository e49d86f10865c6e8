import stringWidth from 'string-width'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { type AskOptions, toQuestion } from '../../cli/flow/ask.ts'
import { formats } from '../../cli/flow/formats.ts'
import { sentencesFor } from '../../cli/flow/language.ts'
import { plotAnswer } from '../../cli/flow/plot.ts'
import type { FlowAnswer, FlowRow } from '../../flow/answer.ts'

const en = sentencesFor({})
const zh = sentencesFor({ LANG: 'zh_CN.UTF-8' })

const answer = (rows: readonly FlowRow[], change: Partial<FlowAnswer> = {}): FlowAnswer => ({
  measure: 'passages', unit: 'count', every: '1d', zone: 'Asia/Shanghai', by: ['site'],
  from: '2026-11-01T00:00:00+08:00', to: '2026-11-03T00:00:00+08:00', rows, total: 1234, ...change,
}) // biome-ignore format: parts
const start = '2026-11-01T00:00:00+08:00'

describe('a question of the shell', () => {
  const now = Temporal.Instant.from('2026-11-24T07:20:00Z')
  const ask = (options: Partial<AskOptions>) =>
    toQuestion({ measure: 'passages', where: [], ...options }, 'Asia/Shanghai', now)
  const ranges: { options: Partial<AskOptions>; from: string; to: string }[] = [
    { options: {}, from: '2026-11-24', to: '2026-11-25' },
    { options: { from: '2026-11-01' }, from: '2026-11-01', to: '2026-11-25' },
    { options: { last: '1d' }, from: '2026-11-24T00:00:00+08:00', to: '2026-11-25T00:00:00+08:00' },
    { options: { last: '7d' }, from: '2026-11-18T00:00:00+08:00', to: '2026-11-25T00:00:00+08:00' },
    { options: { last: '4w' }, from: '2026-10-28T00:00:00+08:00', to: '2026-11-25T00:00:00+08:00' },
    { options: { last: '3M' }, from: '2026-08-25T00:00:00+08:00', to: '2026-11-25T00:00:00+08:00' },
    { options: { last: '12h' }, from: '2026-11-24T04:00:00+08:00', to: '2026-11-24T16:00:00+08:00' },
    { options: { last: 'yesterday' }, from: '2026-11-23T00:00:00+08:00', to: '2026-11-24T00:00:00+08:00' },
    { options: { last: 'week' }, from: '2026-11-16T00:00:00+08:00', to: '2026-11-23T00:00:00+08:00' },
    { options: { last: 'month' }, from: '2026-10-01T00:00:00+08:00', to: '2026-11-01T00:00:00+08:00' },
    { options: { last: 'month', zone: 'Europe/Berlin' }, from: '2026-10-01T00:00:00+02:00', to: '2026-11-01T00:00:00+01:00' },
    { options: { last: 'year' }, from: '2025-01-01T00:00:00+08:00', to: '2026-01-01T00:00:00+08:00' },
    { options: { to: '2026-11-24T12:00' }, from: '2026-11-24', to: '2026-11-24T12:00' },
    { options: { last: '1d', zone: 'Europe/Berlin' }, from: '2026-11-24T00:00:00+01:00', to: '2026-11-25T00:00:00+01:00' },
  ] // biome-ignore format: a table
  for (const { options, from, to } of ranges) {
    test(`of ${JSON.stringify(options)} is from ${from} to ${to}`, () => {
      expect(ask(options)).toMatchObject({ from, to })
    })
  }

  test('has its filters by dimension', () => {
    const where = ['site=南社,b', 'holder=', 'day-of-week=6,7']
    expect(ask({ where, by: 'site, building', top: '3' })).toMatchObject({
      where: { site: ['南社', 'b'], holder: [''], 'day-of-week': ['6', '7'] },
      by: ['site', 'building'],
      top: 3,
    })
  })

  const wrong: { options: Partial<AskOptions>; say: RegExp }[] = [
    { options: { last: '7' }, say: /^--last must be such as/ },
    { options: { last: '0d' }, say: /^--last must be such as/ },
    { options: { last: '7d', to: '2026-11-01' }, say: /^--last goes without --from and --to$/ },
    { options: { last: 'fortnight' }, say: /or yesterday, week, month, year$/ },
    { options: { to: '2026-11-20' }, say: /^--to 2026-11-20 lies before today, .*: give --from, too$/ },
    { options: { to: '2026-11-24' }, say: /: give --from, too$/ },
    { options: { where: ['site'] }, say: /^--where must be such as site=a,b, not "site"$/ },
    { options: { where: ['site=a', 'site=b'] }, say: /^--where names site twice/ },
  ]
  for (const { options, say } of wrong)
    test(`is not asked with ${JSON.stringify(options)}`, () => expect(() => ask(options)).toThrow(say))
})

describe('an answer in the shell', () => {
  const rows: FlowRow[] = [
    { start, values: ['南社'], count: 1234, before: 1000, share: 0.5 },
    { start, values: ['nanshe'], count: 45, hidden: 2, before: null, share: null },
    { start, values: ['=cmd'], count: null, hidden: 1, before: 7, beforeHidden: 1, share: null },
  ]
  const told = answer(rows, {
    before: { from: start, to: start, total: 1007, hidden: 1 },
    others: { groups: 3, count: 70 },
    suppression: { minCount: 10, until: start },
  })

  test('is a table in which Chinese names line up and what is hidden is a star', () => {
    const lines = formats.table!(told, en).split('\n')
    expect(lines).toEqual([
      'start                      site    passages  before  change  share',
      '2026-11-01T00:00:00+08:00  南社        1234    1000   +23 %  50.0 %',
      '2026-11-01T00:00:00+08:00  nanshe       45*       –',
      '2026-11-01T00:00:00+08:00  =cmd           *      7*',
      '3 other groups 70',
      'total 1234',
      'before (2026-11-01T00:00:00+08:00 to 2026-11-01T00:00:00+08:00) 1007*',
      '* fewer than 10, or would tell such a number; behind a number: at least that many; –: not over yet, or not there',
      'told up to 2026-11-01T00:00:00+08:00: days are told once they are over',
      '',
    ])
    expect(stringWidth(lines[1]!.replace(/1234.*/, '1234'))).toBe(lines[2]!.indexOf('45*') + 3)
  })

  test('says in Chinese what stars are, where the locale is Chinese', () => {
    expect(formats.table!(told, zh)).toContain('* 少于 10，或会泄露这样的小数')
    expect(sentencesFor({ LANG: 'en_US.UTF-8', LC_ALL: 'zh_CN.UTF-8' })).toBe(zh)
    expect(sentencesFor({ LANG: 'C' })).toBe(en)
  })

  test('leaves out the start of what has but one, and names the weekdays', () => {
    const days = answer([{ start, values: ['1'], count: 3 }], { every: 'all', by: ['day-of-week'] })
    expect(formats.table!(days, zh)).toBe('day-of-week  passages\n周一                3\n合计 1234\n')
    expect(formats.table!(answer([]), en)).toBe('(nothing)\ntotal 1234\n')
  })

  test('has a dash for a day that is not over, not the star of what is small', () => {
    const open = answer([], { total: null, suppression: { minCount: 10, until: start } })
    expect(formats.table!(open, en).split('\n').slice(0, 2)).toEqual(['(nothing)', 'total –'])
  })

  test('ends with what the numbers do not say, in the language of who reads', () => {
    const noted = answer([], {
      notes: [
        {
          note: 'unknown-place',
          dimension: 'site',
          values: ['elmm'],
          text: 'no site elmm is enrolled',
        },
      ],
    })
    expect(formats.table!(noted, en)).toContain('\nnote: no site elmm is enrolled\n')
    expect(formats.table!(noted, zh)).toContain('\n提示：没有登记过 site elmm\n')
  })

  test('has what a row is a day behind the others', () => {
    const means = answer([
      { start, values: ['elm'], count: 45, mean: 22.5 },
      { start, values: ['oak'], count: null, hidden: 1, mean: null },
      { start, values: ['ash'], count: 9, hidden: 1, mean: 4.5 },
    ])
    const lines = formats.table!(means, en).split('\n')
    expect(lines[1]).toBe(`${start}  elm         45   22.5`)
    expect(lines[3]).toBe(`${start}  ash         9*   4.5*`)
    expect(formats.csv!(means, en).split('\r\n').slice(0, 3)).toEqual([
      'start,site,passages,mean',
      `${start},elm,45,22.5`,
      `${start},oak,,`,
    ])
  })

  test('is CSV with the same columns in every row, an empty cell for what is not told, and no formulas', () => {
    expect(formats.csv!(told, en).split('\r\n')).toEqual([
      'start,site,passages,hidden,before,beforeHidden,share',
      `${start},南社,1234,0,1000,0,0.5`,
      `${start},nanshe,45,2,,0,`,
      `${start},'=cmd,,1,7,1,`,
      '',
    ])
    expect(formats.csv!(answer([]), en)).toBe('start,site,passages\r\n')
  })

  test('is JSON, the answer, and JSON lines, its rows', () => {
    expect(JSON.parse(formats.json!(told, en))).toEqual(told)
    const lines = formats.jsonl!(told, en).trimEnd().split('\n')
    expect(JSON.parse(lines[2]!)).toEqual({ start, site: '=cmd', passages: null, hidden: 1, before: 7, beforeHidden: 1, share: null }) // biome-ignore format: one line
  })
})

describe('a plot', () => {
  const plain = { columns: 40, colours: false }
  const line = (site: string, counts: readonly (number | null)[]) =>
    counts.map((count, day): FlowRow => {
      const start = new Date(Date.UTC(2025, 0, 1 + day)).toISOString().replace('.000Z', '+00:00')
      return { start, values: [site], count, ...(count === null ? { hidden: 1 } : {}) }
    })
  const linesOf = (text: string) => text.trimEnd().split('\n')

  test('has a line for each group, on one scale, with stars for what is hidden', () => {
    const rows = [...line('南社', [0, 1, 2, 3, 4, 5, 6, 7, 8]), ...line('boma', [null, 8, 4, null])]
    expect(linesOf(plotAnswer(answer(rows), en, plain)).slice(0, 2)).toEqual([
      '南社  ▁▁▂▃▄▅▆▇█  36',
      'boma  *█▄*       12*',
    ])
  })

  test('puts neighbours together where a line is too long, and shows a net flow below nothing', () => {
    const long = plotAnswer(
      answer(
        line(
          'a',
          Array.from({ length: 300 }, (_, i) => i % 2),
        ),
      ),
      en,
      plain,
    )
    expect(stringWidth(linesOf(long)[0]!)).toBeLessThanOrEqual(40)
    expect(linesOf(plotAnswer(answer(line('a', [-8, 0, 8])), en, plain))[0]).toBe('a  ▁▄█  0')
    expect(plotAnswer(answer([]), en, plain)).toBe('(nothing)\n')
  })

  const at = (text: string) => `${text}+08:00`
  const axes: { title: string; change: Partial<FlowAnswer>; starts: string[]; values: string[][]; axis: string }[] = [
    { title: 'days', change: { every: '1d', by: [] }, starts: Array.from({ length: 14 }, (_, i) => at(`2026-11-${String(i + 1).padStart(2, '0')}T00:00:00`)), values: [[]], axis: '  11-01 11-07' },
    { title: 'hours of a day', change: { every: '1h', by: [] }, starts: Array.from({ length: 24 }, (_, i) => at(`2026-11-01T${String(i).padStart(2, '0')}:00:00`)), values: [[]], axis: '  00:00 06:00 12:00 18:00' },
    { title: 'months', change: { every: '1M', by: [] }, starts: [at('2026-09-01T00:00:00'), at('2026-10-01T00:00:00')], values: [[]], axis: '  2026-09' },
    { title: 'weekdays, each with its name', change: { every: 'all', by: ['day-of-week'] }, starts: [start], values: [['1'], ['2'], ['7']], axis: '  Mon Tue Sun' },
    { title: 'hours of the day, as many names as there is room for', change: { every: 'all', by: ['hour-of-day'] }, starts: [start], values: Array.from({ length: 24 }, (_, i) => [String(i).padStart(2, '0')]), axis: '  00 03 06 09 12 15 18 21' },
  ] // biome-ignore format: a table
  for (const { title, change, starts, values, axis } of axes)
    test(`names below its lines the ${title}`, () => {
      const rows = starts.flatMap(start =>
        values.map((value): FlowRow => ({ start, values: value, count: 5 })),
      )
      const until = { from: starts[0]!, to: at('2026-11-02T00:00:00') }
      expect(linesOf(plotAnswer(answer(rows, { ...until, ...change }), en, plain))[1]).toBe(axis)
    })

  test('draws what is a day where that is asked for', () => {
    const rows: FlowRow[] = [
      { start, values: ['1'], count: 40, mean: 8 },
      { start, values: ['7'], count: 40, mean: 10 },
    ]
    const days = answer(rows, { every: 'all', by: ['day-of-week'] })
    expect(linesOf(plotAnswer(days, en, plain))[0]).toBe('  ▇▇▇ ███  18')
  })

  test('has each group below its own time, also one that was not there from the beginning', () => {
    const days = ['2026-11-01', '2026-11-02', '2026-11-03'].map(day => at(`${day}T00:00:00`))
    const rows = days.flatMap((start, index): FlowRow[] => [
      { start, values: ['old'], count: 8 },
      ...(index < 2 ? [] : [{ start, values: ['new'], count: 8 }]),
    ])
    expect(linesOf(plotAnswer(answer(rows), en, plain)).slice(0, 2)).toEqual(['old  ███  24', 'new    █  8'])
  })

  test('is a map of hours by weekdays where it is asked by both', () => {
    const rows: FlowRow[] = [
      { start, values: ['1', '07'], count: 100 },
      { start, values: ['1', '08'], count: 30 },
      { start, values: ['7', '23'], count: null, hidden: 1 },
    ]
    const by = { every: 'all' as const, by: ['day-of-week', 'hour-of-day'] as const }
    const lines = linesOf(plotAnswer(answer(rows, by), en, plain))
    expect(lines[0]).toMatch(/^ {4}00 01 02 .* 22 23$/)
    expect(lines[1]).toBe(`Mon ${' '.repeat(21)}███▒▒▒`)
    expect(lines[7]).toBe(`Sun ${' '.repeat(70)}*`)
    expect(plotAnswer(answer(rows, by), zh, { columns: 80, colours: true })).toContain('周一')
    expect(plotAnswer(answer(rows, by), en, { columns: 80, colours: true })).toContain('\u001b[48;5;220m')
  })
})
