import { describe, expect, test } from 'vitest'
import { readRowTime } from '../../cli/backfill/row-time.ts'

const shanghai = 'Asia/Shanghai'
const berlin = 'Europe/Berlin'

describe('the time of a row', () => {
  const cases = [
    ['2026/10/1 8:05', '2026-10-01T00:05:00.000Z'],
    ['2026/10/1 8:05:30', '2026-10-01T00:05:30.000Z'],
    ['2026-10-1 8:05', '2026-10-01T00:05:00.000Z'],
    ['2026.10.1 08:05', '2026-10-01T00:05:00.000Z'],
    ['2026-10-01T08:05:30', '2026-10-01T00:05:30.000Z'],
    ['2026年10月1日 8:05', '2026-10-01T00:05:00.000Z'],
    ['2026年10月1日', '2026-09-30T16:00:00.000Z'],
    ['2026年10月1日下午8:05', '2026-10-01T12:05:00.000Z'],
    ['2026/10/1 上午 8:05', '2026-10-01T00:05:00.000Z'],
    ['2026/10/1 下午8:05:30', '2026-10-01T12:05:30.000Z'],
    ['2026/10/1 上午 12:05', '2026-09-30T16:05:00.000Z'],
    ['2026/10/1 下午 12:05', '2026-10-01T04:05:00.000Z'],
    ['2026/10/1 下午 15:05', '2026-10-01T07:05:00.000Z'],
    ['2026/10/1 8:05 PM', '2026-10-01T12:05:00.000Z'],
    ['2026/10/1', '2026-09-30T16:00:00.000Z'],
    ['46296.336805555555', '2026-10-01T00:05:00.000Z'],
    ['46296.3368', '2026-10-01T00:05:00.000Z'],
    ['46296', '2026-09-30T16:00:00.000Z'],
    [' 2026/10/1 8:05 ', '2026-10-01T00:05:00.000Z'],
    ['2026-10-01T08:05+08:00', '2026-10-01T00:05:00.000Z'],
    ['2026-10-01T08:05:30+08:00', '2026-10-01T08:05:30+08:00'],
  ] as const
  test.each(cases)('as %s in Shanghai is %s', (text, time) =>
    expect(readRowTime(text, shanghai)).toEqual({ time, isTwice: false }),
  )

  const wrong = [
    ['3/4/2026 8:05', /order of day, month and year/],
    ['3/4/26', /order of day, month and year/],
    ['31-12-2026 08:05:00', /order of day, month and year/],
    ['2026/2/30 8:05', /calendar has no such time/],
    ['2026/13/1 8:05', /calendar has no such time/],
    ['2026/10/1 24:05', /calendar has no such time/],
    ['2026/10/1 上午 13:05', /calendar has no such time/],
    ['2021-02-30T05:06:07Z', /calendar has no such time/],
  ] as const
  test.each(wrong)('as %s is refused in a sentence', (text, fault) => {
    expect(readRowTime(text, shanghai)).toEqual({ fault: expect.stringMatching(fault) })
  })

  test.each(['', 'noon', '13800138000', '8:05', '46296,33', '1790813100', '12345'])(
    'is nothing like one as %s',
    text => expect(readRowTime(text, shanghai)).toBeUndefined(),
  )

  test.each(['2026/10/1 8:05', '46296.3368'])('as %s wants a zone', text => {
    expect(readRowTime(text, undefined)).toEqual({ fault: expect.stringMatching(/give --zone/) })
  })

  test('that was skipped when the clock was set forward is refused', () => {
    expect(readRowTime('2026-03-29 02:30', berlin)).toEqual({ fault: expect.stringMatching(/never was/) })
    expect(readRowTime('2026/3/29 3:00', berlin)).toEqual({
      time: '2026-03-29T01:00:00.000Z',
      isTwice: false,
    })
    expect(readRowTime('46110.104166666664', berlin)).toEqual({ fault: expect.stringMatching(/never was/) })
  })

  test('that was twice when the clock was set back is the earlier, and says so', () => {
    expect(readRowTime('2026-10-25 02:30', berlin)).toEqual({
      time: '2026-10-25T00:30:00.000Z',
      isTwice: true,
    })
    expect(readRowTime('2026-10-25 03:00', berlin)).toMatchObject({ isTwice: false })
  })

  test('of a date is when its day began, also where the clock is set at midnight', () => {
    expect(readRowTime('2024/9/8', 'America/Santiago')).toEqual({
      time: '2024-09-08T04:00:00.000Z',
      isTwice: false,
    })
  })
})
