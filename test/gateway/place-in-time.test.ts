import { expect, test } from 'vitest'
import { dayMs, minuteMs } from '../../core/clock.ts'
import { placeInPast, placeInTime } from '../../gateway/admit/place-in-time.ts'
import { someMoment as now } from '../support/records.ts'

const cases = [
  { title: 'now is now', claimed: now, at: now, late: false, skewed: false },
  {
    title: 'five minutes ago is not yet late',
    claimed: now - 5 * minuteMs,
    at: now - 5 * minuteMs,
    late: false,
    skewed: false,
  },
  {
    title: 'more than five minutes ago is late',
    claimed: now - 5 * minuteMs - 1,
    at: now - 5 * minuteMs - 1,
    late: true,
    skewed: false,
  },
  {
    title: '31 days ago is late',
    claimed: now - 31 * dayMs,
    at: now - 31 * dayMs,
    late: true,
    skewed: false,
  },
  {
    title: 'more than 31 days ago is a wrong clock',
    claimed: now - 31 * dayMs - 1,
    at: now,
    late: false,
    skewed: true,
  },
  {
    title: 'two minutes ahead is let pass',
    claimed: now + 2 * minuteMs,
    at: now + 2 * minuteMs,
    late: false,
    skewed: false,
  },
  {
    title: 'more than two minutes ahead is a wrong clock',
    claimed: now + 2 * minuteMs + 1,
    at: now,
    late: false,
    skewed: true,
  },
  { title: 'the epoch is a wrong clock', claimed: 0, at: now, late: false, skewed: true },
  { title: 'the year 2106 is a wrong clock', claimed: Date.UTC(2106, 0), at: now, late: false, skewed: true },
  {
    title: 'the year 0 is a wrong clock',
    claimed: Date.UTC(0, 0) - 1900 * 365 * dayMs,
    at: now,
    late: false,
    skewed: true,
  },
] as const
for (const { title, claimed, ...placed } of cases) {
  test(title, () => expect(placeInTime(claimed, now)).toEqual(placed))
}

const doubts = [
  { title: 'beyond what we know, but not beyond what may be true', claimed: now + 90 * dayMs, at: now + 90 * dayMs, skewed: false },
  { title: 'at the end of what may be true', claimed: now + 100 * dayMs + 2 * minuteMs, at: now + 100 * dayMs + 2 * minuteMs, skewed: false },
  { title: 'beyond what may be true', claimed: now + 100 * dayMs + 2 * minuteMs + 1, at: now, skewed: true },
  { title: 'more than 31 days before what we know', claimed: now - 31 * dayMs - 1, at: now, skewed: true },
  { title: 'of years ago', claimed: 0, at: now, skewed: true },
] as const // biome-ignore format: a table
for (const { title, claimed, at, skewed } of doubts)
  test(`in doubt by 100 days, an event ${title} ${skewed ? 'counts as of now' : 'keeps its time'}`, () =>
    expect(placeInTime(claimed, now, 100 * dayMs)).toEqual({ at, late: false, skewed }))

test('in doubt, history may be as new as what may be true', () => {
  expect(placeInPast(now + dayMs, now)).toBeUndefined()
  expect(placeInPast(now + dayMs, now, dayMs)).toEqual({ at: now + dayMs, late: true, skewed: false })
})
