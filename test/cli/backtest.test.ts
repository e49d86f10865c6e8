import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseCounts, readCounts } from '../../cli/backtest/read-counts.ts'
import { codeOf, messageOf } from '../../core/errors.ts'
import { firstMonday, makeSeries, weekMs } from '../alerts/unusual/counts.ts'
import { lintel } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const shanghai = 'Asia/Shanghai'
const parse = (rows: readonly string[], stepMin = 30, zone = shanghai) =>
  parseCounts(['time,count', ...rows].join('\n'), 'counts.csv', stepMin, zone)
const times = (rows: readonly string[], zone: string) =>
  parse(rows, 30, zone).bins.map(({ at }) => new Date(at).toISOString().slice(0, 16))

describe('a file of counts', () => {
  test('is read in local time or RFC 3339, with or without seconds, a byte order mark and quotes', () => {
    const rows = ['2026-11-21T08:00,1', '2026-11-21 08:30:00,2', '"2026-11-21T01:00:00Z","3"', '']
    const { bins } = parseCounts(`\uFEFFtime,count\r\n${rows.join('\r\n')}`, 'counts.csv', 30, shanghai)
    expect(bins).toEqual(
      [0, 30, 60].map((minute, index) => ({ at: Date.UTC(2026, 10, 21, 0, minute), count: index + 1 })),
    )
  })

  test('may say that a count is missing, which is not nothing', () => {
    const rows = ['2026-11-21T08:00,', '2026-11-21T08:30,-1', '2026-11-21T09:00,0']
    expect(parse(rows).bins.map(({ count }) => count)).toEqual([null, null, 0])
  })

  test('has an hour twice where the clock is set back', () => {
    const rows = ['00:30', '01:00', '01:30', '01:00', '01:30', '02:00'].map(time => `2026-11-01T${time},1`)
    expect(times(rows, 'America/Los_Angeles')).toEqual([
      '2026-11-01T07:30', '2026-11-01T08:00', '2026-11-01T08:30',
      '2026-11-01T09:00', '2026-11-01T09:30', '2026-11-01T10:00',
    ]) // biome-ignore format: an hour a line
  })

  test('may be of a clock that was not set forward: what no clock showed is left out, and said', () => {
    const rows = ['01:30', '02:00', '02:30', '03:00'].map(time => `2026-03-08T${time},1`)
    const { bins, notes } = parse(rows, 30, 'America/Los_Angeles')
    expect(bins).toHaveLength(2)
    expect(notes[0]).toBe('line 3: America/Los_Angeles has no 2026-03-08T02:00; left out')
  })

  const refused = [
    { title: 'a time that is none', rows: ['yesterday,1'], says: 'line 2: "yesterday" is no time' },
    { title: 'a day that is none', rows: ['2026-02-30T08:00,1'], says: 'line 2: "2026-02-30T08:00" is no time' },
    { title: 'a word for a count', rows: ['2026-11-21T08:00,many'], says: 'line 2: "many" is no count' },
    { title: 'half a person', rows: ['2026-11-21T08:00,1.5'], says: 'line 2: "1.5" is no count' },
    { title: 'an absurd count', rows: ['2026-11-21T08:00,99999999'], says: 'line 2: 99999999 is more than' },
    { title: 'a third cell', rows: ['2026-11-21T08:00,1,2'], says: 'line 2: has 3 cells' },
    { title: 'a time that comes twice', rows: ['2026-11-21T08:00,1', '2026-11-21T08:00,1'], says: 'line 3: 2026-11-21T08:00 comes twice' },
    { title: 'a time out of order', rows: ['2026-11-21T08:30,1', '2026-11-21T08:00,1'], says: 'line 3: 2026-11-21T08:00 comes after a later time' },
    { title: 'a time within a bin', rows: ['2026-11-21T08:10,1'], says: 'line 2: 2026-11-21T08:10 does not begin a bin of 30m' },
    { title: 'hours where half hours are said', rows: ['2026-11-21T08:00,1', '2026-11-21T09:00,1'], says: 'the closest are 60m' },
    { title: 'no counts', rows: [], says: 'there are no counts' },
  ] // biome-ignore format: a table
  for (const { title, rows, says } of refused)
    test(`is refused with ${title}, by its line`, () => {
      expect(() => parse(rows)).toThrow(says)
    })

  test('is refused with every line that is wrong, up to twenty', () => {
    try {
      parse(Array.from({ length: 50 }, () => 'x,1'))
      expect.unreachable()
    } catch (error) {
      expect(codeOf(error)).toBe('CONFIG_INVALID')
      expect(messageOf(error).split('\n')).toHaveLength(20)
    }
  })

  test('is refused without its header, or where it cannot be read', () => {
    expect(() => parseCounts('2026-11-21T08:00,1', 'counts.csv', 30, shanghai)).toThrow('line 1: the header')
    expect(() => parseCounts('', 'counts.csv', 30, shanghai)).toThrow('line 1: the header')
    expect(() => readCounts('/nowhere/counts.csv', 30, shanghai)).toThrow('/nowhere/counts.csv')
    expect(() => readCounts('/', 30, shanghai)).toThrow('/: ')
  })
})

describe('lintel backtest', () => {
  const event = firstMonday + 8 * weekMs + 38 * 3_600_000
  const bins = makeSeries({
    seed: 1,
    change: at => ({ plus: at >= event && at < event + 7_200_000 ? 40 : 0 }),
  })
  async function file(): Promise<string> {
    const path = join(await temporaryDirectory(), 'counts.csv')
    const rows = bins.map(({ at, count }) => `${new Date(at).toISOString().slice(0, 19)},${count}`)
    writeFileSync(path, `time,count\n${rows.join('\n')}\n`)
    return path
  }

  test('prints episodes, and with --scores every bin', async () => {
    const args = ['backtest', await file(), '--step', '30m', '--zone', 'UTC', '--budget', '1']
    const json = await lintel(...args, '--format', 'jsonl')
    expect(json).toMatchObject({ code: 0, stderr: '' })
    const episodes = json.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>)
    expect(JSON.parse((await lintel(...args, '--json')).stdout)).toEqual(episodes)
    const found = episodes.find(({ begin }) => begin === '2026-04-28T14:00:00+00:00')
    expect(Object.keys(found!)).toEqual(['begin', 'end', 'expected', 'actual', 'score'])
    expect(found!.actual).toBeGreaterThan(140)
    const csv = await lintel(...args, '--format', 'csv', '--scores')
    const lines = csv.stdout.trim().split('\n')
    expect(lines).toHaveLength(bins.length + 1)
    expect(lines[0]).toBe('time,count,expected,score,flagged')
    const flagged = lines.find(line => line.startsWith('2026-04-28T14:30:00+00:00'))
    expect(flagged).toMatch(/^2026-04-28T14:30:00\+00:00,\d+,\d+\.\d+,\d+\.\d+,true$/)
    // The first bin was expected by nobody.
    expect(lines[1]).toMatch(/^2026-03-02T00:00:00\+00:00,\d+,,,false$/)
    const table = await lintel(...args)
    expect(table.stdout.split('\n')[0]).toMatch(/^begin +end +expected +actual +score$/)
  })

  test('says everything that is wrong with its options at once', async () => {
    const { code, stderr } = await lintel(
      'backtest', 'counts.csv', '--step', '7m', '--zone', 'Mars/Olympus', '--budget', '0',
      '--side', 'up', '--format', 'xml',
    ) // biome-ignore format: options
    expect(code).toBe(78)
    for (const option of ['--step', '--zone', '--budget', '--side', '--format'])
      expect(stderr).toContain(option)
  })
})
