import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { array, assert, integer, oneof, property, string } from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { momentsIn } from '../../cli/moments.ts'
import { createOutput, renderCsv, renderTable } from '../../cli/output.ts'
import { plain, plainJson } from '../../core/plain-text.ts'

describe('a table', () => {
  test('has its columns in line, numbers to the right, nothing at the ends of lines', () => {
    const rows = [
      { device: 'd1', events: 5, state: '' },
      { device: 'door-12', events: 1200, state: undefined },
    ]
    expect(renderTable(rows).split('\n')).toEqual([
      'device   events  state',
      'd1            5',
      'door-12    1200',
    ])
  })

  test('keeps columns in line under Chinese, which is twice as wide', () => {
    const lines = renderTable([
      { site: '南社', n: 1 },
      { site: 'west', n: 22 },
    ]).split('\n')
    expect(new Set(lines.map(text => stringWidth(text))).size).toBe(1)
    expect(lines[1]).toBe('南社   1')
  })

  test('of nothing says so', () => expect(renderTable([])).toBe('(nothing)'))

  const widths = [
    ['', 0],
    ['abc', 3],
    ['南社', 4],
    ['é', 1],
    ['한글', 4],
    ['（）', 4],
    ['𠮷', 2],
    ['e\u0301', 1],
    ['👍', 2],
  ] as const
  for (const [text, width] of widths)
    test(`gives ${JSON.stringify(text)} ${width} columns`, () => expect(stringWidth(text)).toBe(width))
})

describe('output', () => {
  const collect = (json: boolean) => {
    const lines: string[] = []
    return { output: createOutput(json, 'Asia/Shanghai', text => lines.push(text)), lines }
  }

  test('is for people, or for programs, one value a line', () => {
    const people = collect(false)
    people.output.say('done', { done: true })
    people.output.table([{ a: 1 }])
    expect(people.lines).toEqual(['done\n', 'a\n1\n'])
    const programs = collect(true)
    programs.output.say('done', { done: true })
    programs.output.say('line\nbreak')
    programs.output.table([{ a: 1 }], { whole: true })
    programs.output.table([])
    expect(programs.lines).toEqual([
      '{"done":true}\n',
      '{"message":"line\\nbreak"}\n',
      '{"whole":true}\n',
      '[]\n',
    ])
  })
})

describe('moments in JSON', () => {
  const moment = Date.parse('2026-11-21T08:00:00.5Z')
  const local = '2026-11-21T16:00:00.500+08:00'
  const cases = [
    { title: 'whose name ends in At', value: { raisedAt: moment }, told: { raisedAt: local } },
    {
      title: 'of a clock of 1970',
      value: { claimedAt: 5 },
      told: { claimedAt: '1970-01-01T08:00:00.005+08:00' },
    },
    { title: 'that never came', value: { lastReceivedAt: 0 }, told: { lastReceivedAt: null } },
    { title: 'within a list', value: [{ hold: { until: moment } }], told: [{ hold: { until: local } }] },
    { title: 'in UTC', value: { at: '2026-11-21T08:00:00.500Z' }, told: { at: local } },
  ]
  for (const { title, value, told } of cases)
    test(`are told in the zone: one ${title}`, () =>
      expect(JSON.parse(JSON.stringify(value, momentsIn('Asia/Shanghai')))).toEqual(told))

  test('are all that is touched', () => {
    assert(
      property(integer(), integer({ min: 0, max: 1e9 }), string(), (number, small, text) => {
        const other = { rows: moment, openMs: number, freeBytes: 1e12, count: number, from: small, to: text, at: [moment], heldS: number, seq: moment }
        expect(JSON.parse(JSON.stringify(other, momentsIn('Asia/Shanghai')))).toEqual(other)
      }),
    ) // biome-ignore format: members
  })
})

describe('CSV', () => {
  const cells = [
    { value: 'a,b', text: '"a,b"' },
    { value: 'a"b', text: '"a""b"' },
    { value: 'a\nb', text: 'a\\u000ab' },
    { value: '=1+1', text: "'=1+1" },
    { value: '@SUM(A1)', text: "'@SUM(A1)" },
    { value: '-x', text: "'-x" },
    { value: -5, text: '-5' },
    { value: '', text: '' },
  ]
  for (const { value, text } of cells) {
    test(`writes ${JSON.stringify(value)} as ${JSON.stringify(text)}`, () =>
      expect(renderCsv(['a', 'b'], [[value, 1]])).toBe(`a,b\r\n${text},1`))
  }

  test('is read back as it was written, but for what a spreadsheet would run', () => {
    const cell = oneof(integer(), string())
    assert(
      property(array(array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1 }), rows => {
        const read = parse(renderCsv(['a', 'b'], rows as never), {
          relax_column_count: true,
          record_delimiter: '\r\n',
        }) as string[][]
        const wanted = rows.map(row =>
          row.map(value =>
            typeof value === 'string' && /^[=+\-@]/.test(value) ? `'${plain(value)}` : plain(String(value)),
          ),
        )
        expect(read.slice(1)).toEqual(wanted)
      }),
    )
  })
})

describe('what people and devices have entered', () => {
  const hostile: readonly [title: string, text: string, seen: string][] = [
    ['moves the cursor', 'x\u001b[1A\u001b[2K', 'x\\u001b[1A\\u001b[2K'],
    ['goes back to the beginning of its line', 'a\rb', 'a\\u000db'],
    ['ends a line', 'a\nb', 'a\\u000ab'],
    ['is a tabulator', 'a\tb', 'a\\u0009b'],
    ['begins a sequence by one character (C1)', 'a\u009b2Jb\u0085', 'a\\u009b2Jb\\u0085'],
    ['sets the title of the window', '\u001b]0;x\u0007', '\\u001b]0;x\\u0007'],
    ['turns the direction of writing', 'a\u202eb\u2066c\u200f', 'a\\u202eb\\u2066c\\u200f'],
    ['is not seen', 'a\u200bb\u2060\ufeff\u00ad\u{e0041}', 'a\\u200bb\\u2060\\ufeff\\u00ad\\u{e0041}'],
    ['separates lines', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
  ]
  for (const [title, text, seen] of hostile) {
    test(`is seen as its code in a cell, a line, JSON and a CSV where it ${title}`, () => {
      let written = ''
      const output = (json: boolean) =>
        createOutput(json, 'Asia/Shanghai', told => {
          written += told
        })
      output(false).table([{ [text]: text }])
      output(false).say(text)
      output(false).say([text, 'next'])
      expect(written).toBe(`${seen}\n${seen}\n${seen}\n${seen}\nnext\n`)
      written = ''
      output(true).table([{ [text]: text }])
      expect(JSON.parse(written)).toEqual([{ [text]: text }])
      expect(written.trimEnd()).toMatch(/^[ -~]+$/)
      expect(renderCsv(['a'], [[text]])).toBe(`a\r\n${seen}`)
    })
  }

  test('is seen as it is where it is a name, of any script', () => {
    for (const name of ['南社 1 号楼', 'Ünïtéd', 'दिल्ली', 'العربية', '🏠']) expect(plain(name)).toBe(name)
  })

  test('is no formula for a spreadsheet by a wide sign either', () => {
    for (const sign of ['=', '+', '-', '@', '＝', '＋', '－', '＠'])
      expect(renderCsv(['a'], [[`${sign}cmd|calc!A0`]])).toBe(`a\r\n'${sign}cmd|calc!A0`)
  })

  test('never reaches a terminal as anything but what is seen, whatever it is', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 40 }), text => {
        expect(plain(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
        expect(JSON.parse(plainJson(JSON.stringify([text])))).toEqual([text])
      }),
    )
  })

  test('goes out of the command by one file alone', () => {
    const own = ['output.ts', 'main.ts', 'commands/export.ts', 'commands/backfill.ts', 'commands/simulate.ts', 'commands/flow.ts'] // biome-ignore format: one line
    const root = new URL('../../cli/', import.meta.url)
    const writes = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts') && name !== 'output.ts')
      .flatMap(name => {
        const code = readFileSync(new URL(name, root), 'utf8')
        return [...code.matchAll(/(?:stdout|stderr)\.write\((.*)/g)].map(([, what]) => [name, what])
      })
    // Bytes of a file on their way to a pipe, and a line of progress that has no text of others.
    expect(writes.map(([name]) => name).filter(name => !own.includes(name!))).toEqual([])
    expect(writes.map(([, what]) => what)).toEqual(
      expect.arrayContaining([expect.stringContaining('bytes'), expect.stringContaining('rows')]),
    )
    expect(writes).toHaveLength(3)
  })
})
