import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import type { ChangeKind } from '../../../alerts/book/alert.ts'
import type { Notice, Standing } from '../../../alerts/notify/notice.ts'
import {
  afterMessage,
  afterTry,
  type Pace,
  type PacePolicy,
  paceAt,
  restedPace,
} from '../../../alerts/notify/pace.ts'
import { type Head, headOf, plan } from '../../../alerts/notify/plan.ts'
import { type QuietHours, quietUntil } from '../../../alerts/notify/quiet-hours.ts'
import { concerns, take, type Wants } from '../../../alerts/notify/wants.ts'
import { alertOf, changedOf, people, programs, start } from './support.ts'

const second = 1000
const minute = 60 * second

const headAt = (number: number, dueAt: number, values: Partial<Head> = {}): Head => ({
  number,
  alert: `a${number}`,
  dueAt,
  severity: 'warning',
  isCrowd: false,
  isEnd: false,
  ...values,
})

/** Messages of a channel that takes each at once: when it went out, and what it told. */
function simulate(policy: PacePolicy, heads: readonly Head[], until: number) {
  const sent: { at: number; numbers: number[] }[] = []
  let pace: Pace = restedPace
  let waiting = [...heads]
  for (let now = start; now < until; ) {
    const known = waiting.filter(({ dueAt }) => dueAt <= now)
    const planned = plan(policy, undefined, pace, known, now)
    if ('send' in planned) {
      const numbers = planned.send.map(({ number }) => number)
      sent.push({ at: now, numbers })
      waiting = waiting.filter(({ number }) => !numbers.includes(number))
      pace = afterTry(policy, afterMessage(pace, now), now)
      continue
    }
    const next = Math.min(planned.at, ...waiting.filter(({ dueAt }) => dueAt > now).map(({ dueAt }) => dueAt))
    if (!Number.isFinite(next)) break
    now = Math.max(now + 1, next)
  }
  return { sent, left: waiting.length }
}

const arrivals = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 90 * second }),
      severity: fc.constantFrom('notice', 'warning', 'critical'),
      isCrowd: fc.boolean(),
      isEnd: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map(list => {
    let at = start
    return list.map(({ gap, ...values }, n) => {
      at += gap
      return headAt(n + 1, at, values as Partial<Head>)
    })
  })

describe('the pace', () => {
  test('of what waits tells each once, and in bounded time, whoever reads it', () => {
    fc.assert(
      fc.property(arrivals, fc.constantFrom<PacePolicy>(people, programs), (heads, policy) => {
        const { sent, left } = simulate(policy, heads, start + 1000 * minute)
        expect(left).toBe(0)
        const told = sent.flatMap(({ numbers }) => numbers)
        expect(told.toSorted((a, b) => a - b)).toEqual(heads.map(({ number }) => number))
        for (const { at, numbers } of sent)
          for (const number of numbers) {
            const { dueAt, severity, isEnd, isCrowd } = heads[number - 1]!
            const slack = isEnd ? 2 * minute : 0
            const most =
              policy === programs
                ? isCrowd
                  ? minute
                  : 250
                : severity === 'critical' && !isEnd
                  ? minute
                  : 5 * minute
            expect(at - dueAt).toBeLessThanOrEqual(slack + most)
          }
      }),
    )
  })

  test('tells the first at once', () => {
    const { sent } = simulate(people, [headAt(1, start)], start + minute)
    expect(sent).toEqual([{ at: start, numbers: [1] }])
  })

  test('grows while more comes, and is back where it began after ten minutes', () => {
    const each = Array.from({ length: 100 }, (_, n) => headAt(n + 1, start + n * 10 * second))
    const later = headAt(101, start + 60 * minute)
    const { sent } = simulate(people, [...each, later], start + 100 * minute)
    expect(sent.map(({ at }) => (at - start) / second)).toEqual([0, 20, 80, 380, 680, 980, 1280, 3600])
  })

  test('lets what is critical wait for a minute at most', () => {
    const each = Array.from({ length: 100 }, (_, n) =>
      headAt(n + 1, start + n * 10 * second, { severity: 'critical' }),
    )
    const times = simulate(people, each, start + 100 * minute).sent.map(({ at }) => (at - start) / second)
    expect(times.slice(0, 5)).toEqual([0, 20, 80, 140, 200])
  })

  test('never exceeds a limit, in any stretch', () => {
    const policy: PacePolicy = { readers: 'programs', limits: [{ count: 4, perMs: 2 * second }, { count: 20, perMs: minute }], atOnce: 1 } // biome-ignore format: one thing
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 * minute }), { minLength: 30, maxLength: 80 }),
        offsets => {
          const heads = offsets.toSorted((a, b) => a - b).map((offset, n) => headAt(n + 1, start + offset))
          const { sent } = simulate(policy, heads, start + 1000 * minute)
          for (const { count, perMs } of policy.limits)
            for (let n = count; n < sent.length; n++)
              expect(sent[n]!.at - sent[n - count]!.at).toBeGreaterThanOrEqual(perMs)
        },
      ),
    )
  })

  test('waits for nothing that a clock showed before it was set back', () => {
    const pace: Pace = { lastAt: start + 60 * minute, step: 3, tries: [start, start + 60 * minute] }
    expect(paceAt(pace, start)).toEqual({ lastAt: start, step: 3, tries: [start, start] })
    const notice: Notice = { changed: changedOf('raised'), dueAt: start + 150 }
    expect(headOf(notice, start - 60 * minute).dueAt).toBe(start - 60 * minute)
  })
})

describe('what a channel wants', () => {
  const main: Wants = { changes: 'main', least: 'warning' }
  const all: Wants = { changes: 'all', least: 'notice' }
  const waiting: Standing = { is: 'waiting', number: 3 }
  const told: Standing = { is: 'told' }
  const asleep: Standing = { is: 'asleep' }
  const untold: Standing = { is: 'asleep', untold: 3 }
  const cases: { title: string; wants?: Wants; is?: Standing; what: ChangeKind; alert?: object; left: Standing | undefined; due?: number }[] = [
    { title: 'a beginning at once', what: 'raised', left: { is: 'waiting', number: 7 }, due: 0 },
    { title: 'a beginning later, where it is told of what nobody has taken', wants: { ...main, afterMs: 900 }, what: 'raised', left: { is: 'waiting', number: 7 }, due: 900 },
    { title: 'no beginning that is not severe enough', what: 'raised', alert: { severity: 'notice' }, left: undefined },
    { title: 'no beginning under a snooze', what: 'raised', alert: { quietUntil: start + minute }, left: undefined },
    { title: 'no beginning in maintenance', what: 'raised', alert: { maintenance: true }, left: undefined },
    { title: 'a beginning after a snooze that is over', what: 'raised', alert: { quietUntil: start }, left: { is: 'waiting', number: 7 }, due: 0 },
    { title: 'what wakes', what: 'woken', left: { is: 'waiting', number: 7 }, due: 0 },
    { title: 'no return of what it knows', is: told, what: 'reopened', left: told },
    { title: 'no return of what still waits', is: waiting, what: 'reopened', left: waiting },
    { title: 'the return of what it knows no longer', what: 'reopened', left: { is: 'waiting', number: 7 }, due: 0 },
    { title: 'an end ten minutes later', is: told, what: 'cleared', alert: { status: 'cleared' }, left: told, due: 10 * minute },
    { title: 'no end of what it does not know', what: 'cleared', alert: { status: 'cleared' }, left: undefined },
    { title: 'nothing when it is taken', is: told, what: 'acknowledged', left: told },
    { title: 'nothing when it is resolved, and then it begins anew', is: told, what: 'resolved', left: undefined },
    { title: 'nothing when it is resolved before it was told', is: waiting, what: 'resolved', left: waiting },
    { title: 'nothing when it is put to sleep', is: told, what: 'snoozed', left: asleep },
    { title: 'nothing when it is put to sleep before it was told', is: waiting, what: 'snoozed', left: untold },
    { title: 'an end of what it knows, though that sleeps', is: asleep, what: 'cleared', alert: { status: 'cleared' }, left: asleep, due: 10 * minute },
    { title: 'no return of what sleeps', is: asleep, what: 'reopened', alert: { quietUntil: start + minute }, left: asleep },
    { title: 'what it knows and wakes', is: asleep, what: 'woken', left: { is: 'waiting', number: 7 }, due: 0 },
    { title: 'what it did not know and wakes', is: untold, what: 'woken', left: { is: 'waiting', number: 7 }, due: 0 },
    { title: 'nothing when a person resolves what sleeps', is: asleep, what: 'resolved', left: undefined },
    { title: 'that it was put to sleep, with all changes', wants: all, is: told, what: 'snoozed', left: asleep, due: 0 },
    { title: 'an end of what sleeps, with all changes', wants: all, is: asleep, what: 'cleared', alert: { status: 'cleared' }, left: undefined, due: 0 },
    { title: 'that it is taken, with all changes', wants: all, is: told, what: 'acknowledged', left: told, due: 0 },
    { title: 'an end at once, with all changes', wants: all, is: told, what: 'cleared', left: undefined, due: 0 },
    { title: 'a return at once, with all changes', wants: all, is: told, what: 'reopened', left: told, due: 0 },
    { title: 'nothing of what it does not know, with all changes', wants: all, what: 'commented', left: undefined },
    { title: 'nothing of its own failures', wants: all, is: told, what: 'undelivered', left: told },
  ] // biome-ignore format: a table
  for (const { title, wants = main, is, what, alert = {}, left, due } of cases) {
    test(`is ${title}`, () => {
      const changed = changedOf(what, alert)
      const taken = take(wants, is, changed, start)
      expect(taken.standing).toEqual(left)
      expect(taken.notice).toEqual(due === undefined ? undefined : { changed, dueAt: start + due })
    })
  }

  const filters: { wants: Partial<Wants>; alert?: object; is: boolean }[] = [
    { wants: {}, is: true },
    { wants: { least: 'critical' }, is: true },
    { wants: { least: 'critical' }, alert: { severity: 'warning' }, is: false },
    { wants: { sites: ['nanshe'] }, is: true },
    { wants: { sites: ['xili'] }, is: false },
    { wants: { sites: ['nanshe'] }, alert: { place: {} }, is: false },
    { wants: {}, alert: { place: {} }, is: true },
    { wants: { rules: ['door-forced', 'tamper'] }, is: true },
    { wants: { rules: ['tamper'] }, is: false },
  ]
  for (const { wants, alert = {}, is } of filters) {
    test(`${is ? 'takes' : 'leaves'} ${JSON.stringify(alert)} with ${JSON.stringify(wants)}`, () => {
      expect(concerns({ ...main, ...wants }, alertOf(alert))).toBe(is)
    })
  }
})

describe('quiet hours', () => {
  const cases: { hours: QuietHours; now: string; until?: string }[] = [
    { hours: { from: '22:00', to: '07:00', zone: 'Asia/Shanghai' }, now: '2026-11-24T21:59:59+08:00' },
    { hours: { from: '22:00', to: '07:00', zone: 'Asia/Shanghai' }, now: '2026-11-24T22:00:00+08:00', until: '2026-11-25T07:00:00+08:00' },
    { hours: { from: '22:00', to: '07:00', zone: 'Asia/Shanghai' }, now: '2026-11-25T06:59:59+08:00', until: '2026-11-25T07:00:00+08:00' },
    { hours: { from: '22:00', to: '07:00', zone: 'Asia/Shanghai' }, now: '2026-11-25T07:00:00+08:00' },
    { hours: { from: '12:00', to: '14:30', zone: 'Europe/Berlin' }, now: '2026-11-25T12:00:00+01:00', until: '2026-11-25T14:30:00+01:00' },
    { hours: { from: '22:00', to: '07:00', zone: 'Europe/Berlin' }, now: '2026-10-25T01:00:00+02:00', until: '2026-10-25T07:00:00+01:00' },
    { hours: { from: '22:00', to: '07:00', zone: 'Europe/Berlin' }, now: '2026-03-29T01:00:00+01:00', until: '2026-03-29T07:00:00+02:00' },
  ] // biome-ignore format: a table
  for (const { hours, now, until } of cases) {
    test(`of ${hours.from} to ${hours.to} at ${now} ${until === undefined ? 'are not' : `last until ${until}`}`, () => {
      expect(quietUntil(hours, Date.parse(now))).toBe(until === undefined ? undefined : Date.parse(until))
    })
  }

  const time = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`)
  test('end within a day, and at their end they are over', () => {
    const zones = fc.constantFrom('Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe')
    const moments = fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2027-01-01') })
    fc.assert(
      fc.property(time, time, zones, moments, (from, to, zone, now) => {
        if (from === to) return
        let end: number | undefined = now
        let last = now
        for (let hops = 0; end !== undefined; hops++) {
          last = end
          // An hour that comes twice may be left minute by minute.
          expect(hops).toBeLessThan(70)
          end = quietUntil({ from, to, zone }, last)
        }
        expect(last - now).toBeLessThanOrEqual(25 * 60 * minute)
        if (last > now) {
          const local = Temporal.Instant.fromEpochMilliseconds(last).toZonedDateTimeISO(zone)
          expect(local.toPlainTime().toString({ smallestUnit: 'minute' }) >= to).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })
})
