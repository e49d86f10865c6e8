import { parse } from 'csv-parse/sync'
import { array, assert, integer, oneof, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createOutput, displayWidth, renderCsv, renderTable } from '../../cli/output.ts'

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
    expect(new Set(lines.map(displayWidth)).size).toBe(1)
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
  ] as const
  for (const [text, width] of widths)
    test(`gives ${JSON.stringify(text)} ${width} columns`, () => expect(displayWidth(text)).toBe(width))
})

describe('output', () => {
  const collect = (json: boolean) => {
    const lines: string[] = []
    return { output: createOutput(json, text => lines.push(text)), lines }
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

describe('CSV', () => {
  const cells = [
    { value: 'a,b', text: '"a,b"' },
    { value: 'a"b', text: '"a""b"' },
    { value: 'a\nb', text: '"a\nb"' },
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
            typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value),
          ),
        )
        expect(read.slice(1)).toEqual(wanted)
      }),
    )
  })
})
