import { describe, expect, test } from 'vitest'
import { alertId } from '../../../alerts/book/lifecycle.ts'
import { createDetector } from '../../../alerts/detect/detector.ts'
import type { Finding } from '../../../alerts/rules/rule.ts'
import { parseRules } from '../../../alerts/rules/rule-settings.ts'
import { secondMs } from '../../../core/clock.ts'
import {
  type Case,
  door,
  gauge,
  give,
  granted,
  type Happening,
  health,
  seen,
  somePlace,
  start,
  status,
  tampered,
  tellingOf,
  told,
  watch,
} from './watch.ts'

const entry = (s: number, people: number) => [granted(s), seen(s + 1, { person: people }, { ago: 1 })]
const sure = (score: number) => ({ kind: 'person' as const, score, left: 0, top: 0, right: 9, bottom: 9 })
const dark = (s: number) => seen(s, { dark: true })
const clear = (s: number) => seen(s, { dark: false })
const hinted = (s: number) => seen(s, { reason: 'CAMERA_TURNED_LEFT' })
const reusedId = (s: number, more = {}) => health(s, { reused: true, ...more })
const wrongClock = (s: number) => health(s, { skewed: true })

const dayS = 86_400
/** Every five minutes for so many hours, and then no more. */
const talking = (hours: number, everyS = 300): Happening[] =>
  Array.from({ length: (hours * 3600) / everyS }, (_, n) => health(n * everyS))
const lastWord = 25 * 3600 - 300

const tables: Record<string, Case[]> = {
  tailgating: [
    { title: 'is told where more people are in the picture than were let in', happenings: entry(0, 2), expect: ['raised 10', 'cleared 610'] },
    { title: 'says nothing where each has a card, whoever comes first', happenings: [...entry(0, 2), granted(9)], expect: [] },
    { title: 'says nothing of pictures of those who go', happenings: [granted(0, {}, 'out'), seen(1, { person: 4 }, { ago: 1 })], expect: [] },
    { title: 'says nothing of a late picture', happenings: [granted(0, { late: true, ago: 400 }), seen(1, { person: 4 }, { late: true, ago: 401 })], expect: [] },
    { title: 'says nothing of a picture that is of no passage', happenings: [seen(1, { person: 4 }, { ago: 1 })], expect: [] },
    { title: 'is told once while it keeps happening', happenings: [...entry(0, 2), ...entry(300, 3)], expect: ['raised 10', 'cleared 910'] },
    { title: 'counts only people that the model is sure of', happenings: [granted(0), seen(1, { person: 2, boxes: [sure(0.9), sure(0.4)] }, { ago: 1 })], expect: [] },
  ],
  'ebike-indoors': [
    { title: 'is told where somebody is let in with a bicycle', happenings: [granted(0), seen(1, { bicycle: 1 }, { ago: 1 })], expect: ['raised 1', 'cleared 301'] },
    { title: 'is told of a motorcycle whose passage comes after its picture', happenings: [seen(1, { motorcycle: 1 }, { ago: 1 }), granted(2, { ago: 2 })], expect: ['raised 6', 'cleared 306'] },
    { title: 'says nothing where one leaves', happenings: [granted(0, {}, 'out'), seen(1, { bicycle: 1 }, { ago: 1 })], expect: [] },
    { title: 'says nothing on a road', happenings: [seen(1, { motorcycle: 3 }, { ago: 1 })], expect: [] },
    { title: 'says nothing of a late picture', happenings: [granted(0), seen(1, { bicycle: 1 }, { ago: 1, late: true })], expect: [] },
  ],
  'camera-blind': [
    { title: 'is told after four faulty pictures in a row, and cleared a minute after two good ones', happenings: [...[0, 30, 60, 90].map(dark), clear(200), clear(210)], expect: ['raised 90', 'cleared 270'] },
    { title: 'takes a little time, however many pictures there are', happenings: [0, 1, 2, 3, 4, 5, 6].map(dark), expect: [] },
    { title: 'says nothing where a good picture lies between', happenings: [dark(0), dark(30), dark(60), clear(70), dark(90), dark(120), dark(150)], expect: [] },
    { title: 'is told once, however long it lasts', happenings: [...Array.from({ length: 40 }, (_, n) => dark(n * 50))], expect: ['raised 150'] },
    { title: 'goes on where the camera is faulty again before it counts as over', happenings: [...[0, 30, 60, 90].map(dark), clear(100), clear(110), dark(120), dark(150), clear(200), clear(205)], expect: ['raised 90', 'cleared 265'] },
    { title: 'lets it be dark where that does not count', happenings: [0, 30, 60, 90, 120].map(dark), rules: { 'camera-blind': { dark: false } }, expect: [] },
    { title: 'takes any fault', happenings: [seen(0, { covered: true }), seen(30, { blurred: true }), seen(60, { frozen: true }), seen(90, { bright: true })], expect: ['raised 90'] },
    { title: 'counts no picture that nobody looked at, and none that is late', happenings: [dark(0), dark(30), dark(60), seen(90, { outcome: 'missing', dark: true }), seen(100, { dark: true }, { late: true, ago: 5 })], expect: [] },
  ],
  'camera-turned': [
    { title: 'is told with the first hint, and cleared a minute after three pictures without one', happenings: [hinted(0), hinted(10), clear(20), hinted(30), clear(40), clear(50), clear(60), clear(70)], expect: ['raised 0', 'cleared 120'] },
    { title: 'says nothing of pictures without a hint, nor of late ones', happenings: [clear(0), seen(10, { reason: 'CAMERA_TURNED_LEFT' }, { late: true, ago: 5 })], expect: [] },
    { title: 'says nothing of another reason', happenings: [seen(0, { reason: 'PICTURE_DEADLY' })], expect: [] },
  ],
  'clock-skew': [
    { title: 'is told after three wrong times in a row, and cleared a minute after three right ones', happenings: [wrongClock(0), wrongClock(10), wrongClock(20), health(30), health(40), health(50)], expect: ['raised 20', 'cleared 110'] },
    { title: 'says nothing of one event that is off', happenings: [wrongClock(0), health(10), wrongClock(20), wrongClock(30), health(40)], expect: [] },
    { title: 'is told once, however long it lasts', happenings: Array.from({ length: 30 }, (_, n) => wrongClock(n * 10)), expect: ['raised 20'] },
    { title: 'does not take a status for a right time: that is stamped here', happenings: [wrongClock(0), wrongClock(1), status(2, 'online'), wrongClock(3)], expect: ['raised 3'] },
  ],
  'ids-reused': [
    { title: 'is told with the first, and cleared an hour after the last', happenings: [health(0), reusedId(10), reusedId(20), reusedId(3000)], until: 7000, expect: ['raised 10', 'cleared 6600'] },
    { title: 'is told of what is late, too', happenings: [reusedId(0, { late: true, ago: 4000 })], until: 4000, expect: ['raised 0', 'cleared 3600'] },
    { title: 'waits for as many as it is set to', happenings: [0, 10, 20].map(s => reusedId(s)), rules: { 'ids-reused': { events: 3 } }, until: 4000, expect: ['raised 20', 'cleared 3620'] },
  ],
  'device-offline': [
    { title: 'is told a minute after the will, and cleared two minutes after it is back', happenings: [health(0), status(10, 'offline'), status(200, 'online')], expect: ['raised 70', 'cleared 320'] },
    { title: 'says nothing of one that comes back in time, and counts the very millisecond', happenings: [health(0), status(10, 'offline'), status(70, 'online')], expect: [] },
    { title: 'says nothing of a will that an old connection leaves before the new one says online', happenings: [status(10, 'offline'), status(10, 'online')], expect: [] },
    { title: 'says nothing of a will that is late', happenings: [health(0), status(10, 'offline', { late: true, ago: 400 })], expect: [] },
    { title: 'says nothing of a will that comes after younger events', happenings: [health(0), door(20, 'forced'), status(25, 'offline', { ago: 10 })], expect: [] },
    { title: 'does not flap with its network', happenings: [health(0), ...[0, 200, 400, 600].flatMap(s => [status(s + 1, 'offline'), status(s + 101, 'online')])], expect: ['raised 61', 'cleared 821'] },
    { title: 'is told after a silence of three times the usual pause', happenings: talking(25), until: 27 * 3600, expect: [`raised ${lastWord + 900}`] },
    { title: 'says nothing of a silence before it is known', happenings: talking(2), until: 12 * 3600, expect: [] },
    { title: 'takes long pauses for usual where they are', happenings: talking(72, 4 * 3600), until: 72 * 3600 + 7 * 3600, expect: [] },
    { title: 'learns a longer pause after three times', happenings: [...talking(25), ...[1, 2, 3, 4, 5, 6].map(n => health(lastWord + n * 3600))], until: lastWord + 6 * 3600, expect: [1, 2, 3].flatMap(n => [`raised ${lastWord + (n - 1) * 3600 + 900}`, `cleared ${lastWord + n * 3600 + 120}`]) },
    { title: 'lets what is seen on its pictures not count as its word', happenings: [health(0), status(10, 'offline'), seen(20, { person: 1 }, { ago: 15 })], expect: ['raised 70'] },
  ],
  'journal-lag': [
    { title: 'is told after a minute beyond its bound, and cleared a minute below the other', happenings: [0, 10, 30, 70, 80].map(s => gauge(s, 'journal-lag', 400)).concat([gauge(100, 'journal-lag', 20)]), expect: ['raised 60', 'cleared 160'] },
    { title: 'changes nothing between its two bounds', happenings: [0, 80].map(s => gauge(s, 'journal-lag', 400)).concat([100, 120, 140].map(s => gauge(s, 'journal-lag', 200))), expect: ['raised 60'] },
    { title: 'says nothing of a peak', happenings: [gauge(0, 'journal-lag', 400), gauge(50, 'journal-lag', 100), gauge(80, 'journal-lag', 400)], until: 100, expect: [] },
  ],
  'store-down': [{ title: 'is told at once beyond its bound', happenings: [gauge(0, 'store-down', 61), gauge(30, 'store-down', 0)], expect: ['raised 0', 'cleared 90'] }],
  'clock-doubt': [{ title: 'is told once a doubt has lasted a minute, and cleared a minute after its end', happenings: [gauge(0, 'clock-doubt', 30), gauge(35, 'clock-doubt', 65), gauge(60, 'clock-doubt', 90), gauge(65, 'clock-doubt', 0)], expect: ['raised 35', 'cleared 125'] }],
  'deletions-held': [{ title: 'is told of the first, and cleared once none is', happenings: [gauge(0, 'deletions-held', 0), gauge(5, 'deletions-held', 1), gauge(10, 'deletions-held', 2), gauge(20, 'deletions-held', 0)], expect: ['raised 5', 'cleared 80'] }],
  'disk-low': [{ title: 'is told where little is free', happenings: [gauge(0, 'disk-free', 0.05), gauge(90, 'disk-free', 0.12), gauge(100, 'disk-free', 0.2)], expect: ['raised 60', 'cleared 400'] }],
} // biome-ignore format: tables

for (const [rule, cases] of Object.entries(tables)) {
  describe(rule, () => {
    for (const example of cases) {
      test(example.title, () => expect(tellingOf(rule, example)).toEqual(example.expect))
    }
  })
}

describe('site-offline', () => {
  const devices = Array.from({ length: 10 }, (_, n) => {
    return { device: `d${n}`, place: { id: n + 1, point: `d${n}` } }
  })
  const all = (act: (more: (typeof devices)[number], n: number) => Happening[]) => devices.flatMap(act)

  test('is one message for many devices that go at once, and over when nearly all are back', () => {
    const happenings = [
      ...all(more => [health(0, more)]),
      ...all((more, n) => [status(10 + n, 'offline', more)]),
      ...all((more, n) => [status(300 + n, 'online', more)]),
    ]
    const found = watch(happenings, { until: 2000 })
    expect(told(found)).toEqual(['site-offline raised 70', 'site-offline cleared 608'])
    expect(found[0]).toMatchObject({ place: { site: 'nanshe' }, parts: { missing: 10, known: 10 } })
  })

  test('tells single ones that stay away, once the others are back', () => {
    const happenings = [
      ...all(more => [health(0, more)]),
      ...all(more => [status(10, 'offline', more)]),
      ...all((more, n) => (n === 0 ? [] : [status(300, 'online', more)])),
    ]
    expect(told(watch(happenings, { until: 2000 }))).toEqual([
      'site-offline raised 70',
      'site-offline cleared 600',
      'device-offline raised 660',
    ])
  })

  test('is not told of two of ten', () => {
    const happenings = [
      ...all(more => [health(0, more)]),
      status(10, 'offline', devices[3]),
      status(10, 'offline', devices[4]),
    ]
    expect(told(watch(happenings, { until: 200 }))).toEqual([
      'device-offline raised 70',
      'device-offline raised 70',
    ])
  })

  test('is told when they fall silent one after the other, as their network is cut', () => {
    const happenings = Array.from({ length: (25 * 3600) / 30 }, (_, n) => health(n * 30, devices[n % 10]))
    expect(told(watch(happenings, { until: 27 * 3600 }))).toEqual([
      expect.stringMatching(/^site-offline raised/),
    ])
  })
})

describe('devices that come and go', () => {
  const at = (id: number, device: string, point = 'd01') => ({ device, place: { id, point } })
  const endings = (happenings: readonly Happening[]) =>
    watch(happenings, { until: 500 }).map(({ rule, kind, place, ending }) => `${rule} ${kind} ${place.device ?? ''} ${ending ?? ''}`.trim()) // biome-ignore format: one thing

  test('one that replaces another at its point ends what was told of the other', () => {
    expect(endings([tampered(0, 'case', true, at(1, 'old')), status(5, 'offline', at(1, 'old')), health(100, at(2, 'new'))])).toEqual([
      'tamper raised old',
      'device-offline raised old',
      'tamper cleared old replaced',
      'device-offline cleared old replaced',
    ]) // biome-ignore format: a list
  })

  test('two at one door leave each other be', () => {
    expect(endings([health(0, at(1, 'in')), tampered(1, 'case', true, at(1, 'in')), health(2, at(2, 'out'))])).toEqual(['tamper raised in']) // biome-ignore format: a list
  })

  test('one that is moved takes along what is told of it and nothing of the door, and is not heard from its old place', () => {
    const found = watch(
      [door(0, 'forced', at(1, 'a')), tampered(1, 'case', true, at(1, 'a')), health(2, at(2, 'a', 'd02')), door(3, 'forced', at(1, 'a')), tampered(9, 'case', false, at(2, 'a', 'd02'))],
      { until: 500 },
    ) // biome-ignore format: a list
    expect(found.map(({ rule, kind, place, ending }) => `${rule} ${kind} ${place.point} ${ending ?? ''}`.trim())).toEqual([
      'door-forced raised d01',
      'tamper raised d01',
      'tamper cleared d01 moved',
      'door-forced cleared d01 moved',
      'tamper raised d02',
      'tamper cleared d02 over',
    ]) // biome-ignore format: a list
  })

  test('one that is away is told of where it stands as soon as the registry says so, and ends there', () => {
    const detector = createDetector({ settings: parseRules() })
    const found = [status(0, 'online', at(1, 'a')), status(5, 'offline', at(1, 'a'))].flatMap((happening, n) => give(detector, happening, n + 1)) // biome-ignore format: one thing
    const told = (some: readonly Finding[]) => some.map(({ rule, kind, place, ending }) => `${rule} ${kind} ${place.point} ${ending ?? ''}`.trim()) // biome-ignore format: one thing
    const listen = (from: number, to: number) =>
      Array.from({ length: (to - from) / 15 }, (_, n) =>
        detector.tick(start + (from + n * 15) * secondMs),
      ).flat()
    expect(told([...found, ...listen(5, 110)])).toEqual(['device-offline raised d01'])
    const moved = { ...somePlace, id: 2, device: 'a', point: 'd02' }
    const now = start + 120 * secondMs
    expect(told(detector.move('a', moved, now))).toEqual([
      'device-offline cleared d01 moved',
      'device-offline raised d02',
    ])
    expect(detector.move('a', moved, now)).toEqual([])
    give(detector, status(130, 'online', at(2, 'a', 'd02')), 3)
    expect(told(listen(131, 400))).toEqual(['device-offline cleared d02 over'])
  })

  test('one that is moved and moved back is told of at its first place once more', () => {
    const moves = [at(1, 'a'), at(2, 'a', 'd02'), at(3, 'a')]
    const found = watch(moves.flatMap((where, n) => [n === 0 ? tampered(0, 'case', true, where) : health(n, where)])) // biome-ignore format: one thing
    const raised = found.filter(({ kind }) => kind === 'raised')
    expect(raised.map(({ place }) => place.point)).toEqual(['d01', 'd02', 'd01'])
    expect(new Set(raised.map(alertId)).size).toBe(3)
  })

  test('one that leaves a door to another takes along what only it said of the door', () => {
    const both = [health(0, at(1, 'in')), health(0, at(2, 'out'))]
    const leaves = health(20, at(3, 'in', 'd02'))
    expect(endings([...both, door(1, 'forced', at(1, 'in')), leaves])).toEqual(['door-forced raised', 'door-forced cleared  moved']) // biome-ignore format: a list
    const [before, after] = [health(0, at(1, 'in')), health(9, at(2, 'out'))]
    expect(endings([before, door(1, 'forced', at(1, 'in')), after, leaves])).toEqual(['door-forced raised', 'door-forced cleared  moved']) // biome-ignore format: a list
    // The other has said since that it is open: it can say that it is closed, too.
    expect(endings([...both, door(1, 'forced', at(1, 'in')), door(2, 'open', at(2, 'out')), leaves])).not.toContain('door-forced cleared  moved') // biome-ignore format: a list
  })
})

test('a day is long enough to know a device that is heard every five minutes', () => {
  const found = watch(talking(25), { until: dayS + 4 * 3600 })
  expect(found[0]?.parts).toEqual({ by: 'silence' })
})
