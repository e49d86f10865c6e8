import { describe, expect, test } from 'vitest'
import {
  type Case,
  denied,
  door,
  granted,
  type Happening,
  passage,
  status,
  tampered,
  tellingOf,
  vehicle,
  watch,
} from './watch.ts'

/** A door of which it is known that its openings have a passage before. */
const usualDoor: Happening[] = Array.from({ length: 20 }, (_, n) => {
  const s = n * 20 - 400
  return [granted(s), door(s + 1, 'open'), door(s + 5, 'closed')]
}).flat()
/** One with a key: half of its openings have none. */
const keyedDoor = usualDoor.filter((happening, index) => happening.kind !== 'passage' || index % 2 === 0)

/** Open from `from` on, and says so every so many seconds. */
const repeated = (everyS: number, untilS: number, from = 0) =>
  Array.from({ length: Math.ceil(untilS / everyS) }, (_, n) => door(from + n * everyS, 'open'))

const openVehicle = (s: number, direction: 'in' | 'out', kind: 'car' | 'bicycle' = 'car', lane = 1) =>
  vehicle(s, { class: kind, direction, lane })
const lane = Array.from({ length: 100 }, (_, n) => openVehicle(n - 200, 'in'))

const tables: Record<string, Case[]> = {
  'door-forced': [
    { title: 'is told at once when the device reports it, and cleared a minute after the door was closed', happenings: [door(0, 'forced'), door(40, 'closed')], expect: ['raised 0', 'cleared 100'] },
    { title: 'is told once, however often it is reported', happenings: [door(0, 'forced'), door(5, 'forced'), door(9, 'forced'), door(20, 'closed')], expect: ['raised 0', 'cleared 80'] },
    { title: 'goes on when the door is forced again before it counts as over', happenings: [door(0, 'forced'), door(20, 'closed'), door(60, 'forced'), door(70, 'closed')], expect: ['raised 0', 'cleared 130'] },
    { title: 'begins anew when it is forced again later', happenings: [door(0, 'forced'), door(20, 'closed'), door(200, 'forced'), door(210, 'closed')], expect: ['raised 0', 'cleared 80', 'raised 200', 'cleared 270'] },
    { title: 'is never told of what happened long ago', happenings: [door(0, 'forced', { late: true, ago: 600 })], expect: [] },
    { title: 'is ended by a closing that comes late', happenings: [door(0, 'forced'), door(900, 'closed', { late: true, ago: 600 })], expect: ['raised 0', 'cleared 960'] },
    { title: 'is told although the closing came first', happenings: [door(10, 'closed'), door(12, 'forced', { ago: 5 })], expect: ['raised 12', 'cleared 72'] },
    { title: 'is told no longer than lapseS where nobody says that the door was closed', happenings: [door(0, 'forced')], rules: { 'door-forced': { lapseS: 600 } }, expect: ['raised 0', 'cleared 600'] },
    { title: 'is told of an opening that no passage explains', happenings: [...usualDoor, door(0, 'open'), door(9, 'closed')], expect: ['raised 3', 'cleared 69'] },
    { title: 'is not told of an opening after an exit button, by whatever way round they come', happenings: [...usualDoor, door(0, 'open'), granted(2, { ago: 3 }, 'out'), door(9, 'closed')], expect: [] },
    { title: 'is told of an opening after a denial', happenings: [...usualDoor, denied(-1), door(0, 'open'), door(9, 'closed')], expect: ['raised 3', 'cleared 69'] },
    { title: 'is told of an opening long after a passage', happenings: [...usualDoor, granted(-16), door(0, 'open')], rules: { 'door-forced': { lapseS: 60 } }, expect: ['raised 3', 'cleared 63'] },
    { title: 'is not told of a door that stays open and says so again', happenings: [...usualDoor, granted(-1), door(0, 'open'), door(60, 'open'), door(3000, 'open'), door(3009, 'closed')], expect: [] },
    { title: 'is not told where a closing was lost', happenings: [...usualDoor, granted(-1), door(0, 'open'), door(400, 'open'), door(404, 'closed')], expect: [] },
    { title: 'is told of the opening after that', happenings: [...usualDoor, granted(-1), door(0, 'open'), door(60, 'open'), door(64, 'closed'), door(300, 'open'), door(309, 'closed')], expect: ['raised 303', 'cleared 369'] },
    { title: 'is not inferred of a door that opens without passages all the time', happenings: [...keyedDoor, door(0, 'open')], expect: [] },
    { title: 'is not inferred before the door is known', happenings: [door(0, 'open')], expect: [] },
    { title: 'does not watch where it is switched off', happenings: [door(0, 'forced')], rules: { 'door-forced': { enabled: false } }, expect: [] },
  ],
  'door-held': [
    { title: 'is told when a door that opened is not closed in time', happenings: [door(0, 'open'), door(200, 'closed')], expect: ['raised 90', 'cleared 220'] },
    { title: 'waits out its time', happenings: [door(0, 'open'), door(89, 'closed')], expect: [] },
    { title: 'lets a closing in the very millisecond count', happenings: [door(0, 'open'), door(90, 'closed')], expect: [] },
    { title: 'is told at once when the device reports it, and once', happenings: [door(0, 'open'), door(60, 'held', { openMs: 60_000 }), door(120, 'held', { openMs: 120_000 }), door(150, 'closed')], expect: ['raised 60', 'cleared 170'] },
    { title: 'counts from when the door opened, not from when that was heard', happenings: [door(60, 'open', { ago: 60 })], rules: { 'door-held': { lapseS: 300 } }, expect: ['raised 90', 'cleared 390'] },
    { title: 'is never told of what happened long ago', happenings: [door(0, 'open', { late: true, ago: 400 }), door(5, 'held', { late: true, ago: 350 })], expect: [] },
    { title: 'knows a closing that came first', happenings: [door(20, 'closed', { ago: 5 }), door(21, 'open', { ago: 10 })], expect: [] },
    { title: 'guesses nothing while the device is away', happenings: [door(0, 'open'), status(30, 'offline')], expect: [] },
    { title: 'is told once of a door that says again and again that it is open', happenings: [...repeated(60, 3000), door(3000, 'closed')], until: 3100, expect: ['raised 90', 'cleared 3020'] },
    { title: 'is told once where it says so sooner, or later, than it is held', happenings: [...repeated(7, 300), door(300, 'closed'), ...repeated(3000, 9000, 1000), door(10_000, 'closed')], until: 10_100, expect: ['raised 90', 'cleared 320', 'raised 1090', 'cleared 10020'] },
    { title: 'is told on while it is said that the door is open, and then no longer than lapseS', happenings: repeated(500, 2000), rules: { 'door-held': { lapseS: 600 } }, until: 2200, expect: ['raised 90', 'cleared 2100'] },
    { title: 'goes on over repeats after the device itself has said it', happenings: [door(0, 'open'), door(60, 'held', { openMs: 60_000 }), door(120, 'open'), door(180, 'open'), door(190, 'closed')], expect: ['raised 60', 'cleared 210'] },
    { title: 'is one where a closing was lost', happenings: [door(0, 'open'), door(300, 'open'), door(304, 'closed')], expect: ['raised 90', 'cleared 324'] },
    { title: 'begins anew where the door opens before it counts as over', happenings: [door(0, 'open'), door(100, 'closed'), door(110, 'open'), door(114, 'closed')], expect: ['raised 90', 'cleared 120'] },
    { title: 'is not told of openings that were held up on their way, and their closings behind them', happenings: [0, 1, 2, 3].flatMap(n => [door(300 + n, 'open', { ago: 170 - n * 40 }), door(300.02 + n, 'closed', { ago: 166 - n * 40 })]), expect: [] },
    { title: 'is told of one that was held up and stays open', happenings: [door(300, 'open', { ago: 170 })], rules: { 'door-held': { lapseS: 300 } }, expect: ['raised 310', 'cleared 610'] },
    { title: 'has its own time at a place', happenings: [door(0, 'open'), door(50, 'closed')], rules: { 'door-held': { heldS: 30, clearS: 5 } }, expect: ['raised 30', 'cleared 55'] },
  ],
  'denied-burst': [
    { title: 'is told at the fifth denial within two minutes', happenings: [0, 20, 40, 60, 80].map(s => denied(s)), expect: ['raised 80', 'cleared 380'] },
    { title: 'says nothing of four, nor of five over a longer time', happenings: [0, 40, 80, 119, 121].map(s => denied(s)), expect: [] },
    { title: 'counts by when it happened, in whatever order it comes', happenings: [denied(100, { ago: 10 }), denied(101, { ago: 30 }), denied(102, { ago: 90 }), denied(103, { ago: 2 }), denied(104, { ago: 60 })], expect: ['raised 104', 'cleared 404'] },
    { title: 'does not count what is late', happenings: [0, 1, 2, 3, 4].map(s => denied(s, { late: true, ago: 400 })), expect: [] },
    { title: 'does not count a call that nobody answered', happenings: [0, 1, 2, 3, 4].map(s => passage(s, { direction: 'in', result: 'denied', method: 'remote', reason: 'no-answer' })), expect: [] },
    { title: 'goes on while there are half as many', happenings: [0, 20, 40, 60, 80, 120, 160, 200, 240].map(s => denied(s)), expect: ['raised 80', 'cleared 540'] },
  ],
  tamper: [
    { title: 'is told of each part, and cleared half a minute after the device says so', happenings: [tampered(0, 'case', true), tampered(5, 'lock', true), tampered(60, 'case', false), tampered(80, 'lock', false)], expect: ['raised 0', 'raised 5', 'cleared 90', 'cleared 110'] },
    { title: 'does not flap', happenings: [0, 10, 20, 30, 40, 50].map((s, n) => tampered(s, 'case', n % 2 === 0)), expect: ['raised 0', 'cleared 80'] },
    { title: 'knows an end that came first', happenings: [tampered(20, 'case', false), tampered(21, 'case', true, { ago: 10 })], expect: [] },
    { title: 'is never told of what happened long ago', happenings: [tampered(0, 'case', true, { late: true, ago: 400 })], expect: [] },
  ],
  'wrong-way': [
    { title: 'learns the way of a lane', happenings: [...lane, openVehicle(0, 'out')], expect: ['raised 0', 'cleared 60'] },
    { title: 'says nothing before it is learned', happenings: [...lane.slice(1), openVehicle(0, 'out')], expect: [] },
    { title: 'learns nothing where both ways are usual', happenings: [...lane, ...lane.map((_, n) => openVehicle(n / 2 - 99, n % 2 === 0 ? 'in' : 'out'))], rules: { 'wrong-way': { vehicles: 200 } }, expect: [] },
    { title: 'tells each lane apart', happenings: [...lane, openVehicle(0, 'out', 'car', 2)], expect: [] },
    { title: 'lets bicycles be', happenings: [...lane, openVehicle(0, 'out', 'bicycle')], expect: [] },
    { title: 'takes the way that is set', happenings: [openVehicle(0, 'in', 'bicycle')], rules: { 'wrong-way': { way: 'out', cycles: true } }, expect: ['raised 0', 'cleared 60'] },
    { title: 'is told once while they keep coming', happenings: [openVehicle(0, 'in'), openVehicle(30, 'in'), openVehicle(60, 'in')], rules: { 'wrong-way': { way: 'out' } }, expect: ['raised 0', 'cleared 120'] },
  ],
} // biome-ignore format: tables

for (const [rule, cases] of Object.entries(tables)) {
  describe(rule, () => {
    for (const example of cases) {
      test(example.title, () => expect(tellingOf(rule, example)).toEqual(example.expect))
    }
  })
}

test('an alert says when it happened beside when that was heard', () => {
  const [found] = watch([door(60, 'held', { openMs: 75_000, ago: 2 })])
  expect(found).toMatchObject({
    rule: 'door-held',
    kind: 'raised',
    severity: 'warning',
    parts: { openS: 75 },
  })
  expect(found!.receivedAt - found!.occurredAt).toBe(77_000)
})
