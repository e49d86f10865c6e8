import { describe, expect, onTestFinished, test } from 'vitest'
import { createCursors } from '../../core/cursors.ts'
import { LintelError } from '../../core/errors.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { snapshotRecordId } from '../../devices/contract/record-ids.ts'
import { createCameraHints } from '../../devices/registry/camera-hints.ts'
import { sight } from '../../gateway/admit/sight.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { captionOf, plainJpeg } from '../../gateway/snapshots/caption.ts'
import { openFileSnapshots } from '../../gateway/snapshots/file-snapshots.ts'
import { keyText } from '../../gateway/snapshots/snapshots.ts'
import { createAttendance } from '../../gateway/tagger/attendance.ts'
import { createDesk } from '../../gateway/tagger/desk.ts'
import type { Looker } from '../../gateway/tagger/looker.ts'
import { RecentEvents } from '../../gateway/tagger/recent-events.ts'
import type { Look } from '../../models/eye.ts'
import { eventually } from '../support/eventually.ts'
import { item, passage, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const look: Look = {
  model: 'fake',
  picture: { width: 40, height: 20 },
  detections: [{ kind: 'person', score: 0.876, box: { left: 1.4, top: 2.6, right: 10, bottom: 20 } }],
  toCover: [],
  camera: { faults: ['dark'], scene: new Uint16Array(8) },
  timings: { decodeMs: 4.04, inferenceMs: 20, totalMs: 25 },
}
const redactedJpeg = Buffer.from([0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 2, 3])

/** Does as the bytes of a picture tell it to; `order` is that of its looks. */
interface Gate {
  isReady: boolean
  redacts: boolean
  /** The disk on which pictures wait cannot be read. */
  isBroken: boolean
  isCheckpoint: boolean
  /** Of each picture that was redacted, whether it was said to show a road. */
  roads: (boolean | undefined)[]
}

function fakeLooker(order: string[], gate: Gate): Looker {
  const fail = (code: 'TAGGER_WORKER_DIED' | 'PICTURE_UNREADABLE') =>
    Promise.reject(new LintelError(code, code))
  const wishOf = (picture: Uint8Array) => Buffer.from(picture).toString().split(' ') as [string, string]
  return {
    get isReady() {
      return gate.isReady
    },
    look(picture) {
      const [wish, name] = wishOf(picture)
      order.push(name)
      if (wish === 'die') return fail('TAGGER_WORKER_DIED')
      return wish === 'unreadable' ? fail('PICTURE_UNREADABLE') : Promise.resolve(look)
    },
    async redact(picture, { isRoad }) {
      gate.roads.push(isRoad)
      const [wish] = wishOf(picture)
      if (wish === 'die later') return fail('TAGGER_WORKER_DIED')
      if (wish === 'unredacted') return fail('PICTURE_UNREADABLE')
      await eventually(() => gate.redacts)
      return redactedJpeg
    },
    replaced: () => ({ died: 0, hung: 0, grown: 0 }),
    rssBytes: () => 0,
    start() {},
    async stop() {},
  }
}

async function setUp(change: { maxBacklog?: number } = {}) {
  const journal = createMemoryJournal(() => someMoment)
  const index = createMemoryState()
  const directory = await temporaryDirectory()
  const waitingRoom = new Map<string, Buffer>()
  const order: string[] = []
  const gate: Gate = { isReady: true, redacts: true, isBroken: false, isCheckpoint: false, roads: [] }
  const faults: unknown[] = []
  const cursors = createCursors(index, journal)
  const snapshots = await openFileSnapshots({
    directory, state: index, clock: () => someMoment, keepBytes: 1e9, keepMs: 1e12, isHeld: () => false,
  }) // biome-ignore format: options

  /** A desk as after a start. */
  async function open() {
    const recent = new RecentEvents()
    const attendance = createAttendance({
      recent,
      async read(key) {
        if (gate.isBroken) throw Object.assign(new Error('i/o error, read'), { code: 'EIO' })
        return waitingRoom.get(keyText(key))
      },
      regionsOf: () => undefined,
      hints: createCameraHints(index),
      isCheckpoint: () => gate.isCheckpoint,
      snapshots,
      originals: undefined,
      sight: sighting => sight(journal, [sighting]),
      erase: async key => void waitingRoom.delete(keyText(key)),
      clock: () => someMoment + 100,
      onFault: error => faults.push(error),
    })
    const desk = createDesk(
      { maxBacklog: change.maxBacklog ?? 100 },
      {
        journal,
        cursors,
        recent,
        attendance,
        lookers: [fakeLooker(order, gate)],
        onFault: error => faults.push(error),
      },
    )
    await desk.start!()
    let stopped = false
    const stop = async () => {
      if (!stopped) await desk.stop()
      stopped = true
    }
    onTestFinished(stop)
    return { desk, attendance, stop }
  }

  async function picture(
    event: string,
    wish: string | Buffer,
    record: EventRecord = passage(),
    redacted = false,
    device = 'd1',
  ) {
    waitingRoom.set(`${device}/${event}`, typeof wish === 'string' ? Buffer.from(`${wish} ${event}`) : wish)
    const data = { bytes: 5, ...(redacted ? { redacted } : {}) }
    await journal.append(device, [item(event, record)])
    await journal.append(
      device,
      [item(snapshotRecordId(event), { ...passage(), kind: 'snapshot', data })],
      'snapshot',
    )
  }

  const sightings = () =>
    journal
      .read(0, 1000)
      .entries.flatMap(({ id, record }) =>
        record.kind === 'sighting' ? [{ id, at: record.at, ...record.data }] : [],
      )
  const settled = (n: number) => eventually(() => sightings().length === n && waitingRoom.size === 0)
  return { journal, cursors, snapshots, waitingRoom, order, gate, faults, open, picture, sightings, settled }
}

const denied = passage({ data: { result: 'denied' } })

describe('the desk', () => {
  test('journals what was seen, keeps the redacted picture and erases the original', async () => {
    const { open, picture, sightings, settled, snapshots } = await setUp()
    const { attendance } = await open()
    await picture('a', 'fine', passage({ at: someMoment - 5000 }))
    await settled(1)
    const seen = {
      outcome: 'seen', model: 'fake', person: 1, car: 0, dark: true, frozen: false, width: 40, height: 20,
      boxes: [{ kind: 'person', score: 0.88, left: 1, top: 3, right: 10, bottom: 20 }], decodeMs: 4, inferenceMs: 20,
    } // biome-ignore format: a record
    expect(sightings()).toEqual([
      expect.objectContaining({ id: '#sighting/a', at: someMoment - 5000, ...seen }),
    ])
    const kept = snapshots.find({ device: 'd1', event: 'a' })
    expect(kept).toMatchObject({ at: someMoment - 5000, urgent: false })
    expect(captionOf((await snapshots.read(kept!))!)).toMatchObject(seen)
    expect(attendance.stats()).toMatchObject({ outcomes: { seen: 1 }, rested: 1, unkept: 0 })
  })

  test('takes pictures again by itself that a failing disk kept it from reading, whatever it was about to do', async () => {
    const { open, picture, sightings, settled, gate, faults, cursors, journal } = await setUp()
    const { stop } = await open()
    gate.redacts = false
    await picture('to redact', 'fine')
    await eventually(() => sightings().length === 1)
    gate.isBroken = true
    gate.redacts = true
    await picture('to look at', 'fine')
    await picture('of a gateway', 'fine', passage(), true)
    await eventually(() => faults.length >= 2)
    gate.isBroken = false
    await eventually(() => sightings().length === 2, 20_000)
    await settled(2)
    await stop()
    expect(cursors.get('tagger')).toBe(journal.end())
  })

  test('says whether a picture that is to be redacted shows a road', async () => {
    const { open, picture, gate, settled } = await setUp()
    await open()
    await picture('door', 'fine')
    await settled(1)
    gate.isCheckpoint = true
    await picture('lane', 'fine')
    await settled(2)
    expect(gate.roads).toEqual([false, true])
  })

  test('has urgent pictures looked at first, otherwise the oldest', async () => {
    const { open, picture, settled, order, gate } = await setUp()
    gate.isReady = false
    const { desk } = await open()
    for (const event of ['a', 'b', 'c', 'd', 'e', 'f'])
      await picture(event, 'fine', event === 'e' ? denied : passage())
    await eventually(() => desk.stats().backlog === 6)
    gate.isReady = true
    await settled(6)
    expect(order).toEqual(['e', 'a', 'b', 'c', 'd', 'f'])
  })

  test('thins uneventful pictures when too many wait, and says so of each', async () => {
    const { open, picture, settled, sightings, gate, snapshots } = await setUp({ maxBacklog: 2 })
    gate.isReady = false
    const { desk } = await open()
    for (const event of ['a', 'b', 'c', 'd']) await picture(event, 'fine', event === 'a' ? denied : passage())
    await eventually(() => sightings().length === 2)
    expect(desk.stats().backlog).toBe(2)
    gate.isReady = true
    await settled(4)
    const outcomes = Object.fromEntries(sightings().map(({ id, outcome, reason }) => [id, reason ?? outcome]))
    expect(outcomes).toEqual({
      '#sighting/a': 'seen', '#sighting/b': 'PICTURE_THINNED', '#sighting/c': 'PICTURE_THINNED', '#sighting/d': 'seen',
    }) // biome-ignore format: a table
    expect(snapshots.stats().pictures).toBe(2)
  })

  const unseen = [
    { wish: 'unreadable', outcome: 'unreadable', reason: 'PICTURE_UNREADABLE' },
    { wish: 'die', outcome: 'parked', reason: 'PICTURE_DEADLY' },
  ]
  for (const { wish, outcome, reason } of unseen) {
    test(`says of a picture that is told "${wish}" that it is ${outcome}, erases it and goes on`, async () => {
      const { open, picture, settled, sightings, snapshots, journal } = await setUp()
      await open()
      await picture('bad', wish)
      await picture('good', 'fine')
      await settled(2)
      const bad = sightings().find(({ id }) => id === '#sighting/bad')
      expect(bad).toMatchObject({ outcome, reason })
      expect(snapshots.find({ device: 'd1', event: 'bad' })).toBeUndefined()
      expect(snapshots.find({ device: 'd1', event: 'good' })).toBeDefined()
      expect(journal.parked(9).map(({ code, id }) => [code, id])).toEqual(
        wish === 'die' ? [[reason, 'bad']] : [],
      )
    })
  }

  test('gives a picture of which a worker died to another one, alone', async () => {
    const { open, picture, settled, order } = await setUp()
    await picture('bad', 'die')
    await open()
    await settled(1)
    expect(order).toEqual(['bad', 'bad'])
  })

  test('looks at nothing else while a worker has a picture of which another one died', async () => {
    const { open, picture, settled, sightings, order } = await setUp()
    await picture('bad', 'die', denied)
    for (const event of ['a', 'b', 'c']) await picture(event, 'fine')
    await open()
    await settled(4)
    // The first time it was taken together with others; the second time when all they had was put down.
    expect(order.filter(event => event === 'bad')).toHaveLength(2)
    expect(sightings().find(({ id }) => id === '#sighting/bad')).toMatchObject({ reason: 'PICTURE_DEADLY' })
    expect(sightings().filter(({ outcome }) => outcome === 'seen')).toHaveLength(3)
  })

  test('looks at and redacts the picture of another device before those of one that has had its share', async () => {
    const { open, picture, sightings, order, snapshots, waitingRoom } = await setUp({ maxBacklog: 500 })
    for (let n = 0; n < 50; n++) await picture(`f${n}`, 'fine', denied, false, 'flood')
    await picture('good', 'fine', passage(), false, 'other')
    await open()
    await eventually(() => sightings().length === 51 && waitingRoom.size === 0, 20_000)
    // 3 s of the workers' time, in pictures of 0.1 s, and what was in hand then.
    expect(order.indexOf('good')).toBeLessThan(45)
    expect(order.filter(event => event.startsWith('f'))).toEqual([...Array(50).keys()].map(n => `f${n}`))
    expect(snapshots.find({ device: 'other', event: 'good' })).toBeDefined()
  })

  test('gives no worker a picture that would take it seconds to decode', async () => {
    const { open, picture, settled, sightings, order } = await setUp()
    const frame = [0xff, 0xc2, 0, 11, 8, 0x13, 0x24, 0x13, 0x24, 1, 1, 0x11, 0]
    const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0, 1, 2, 3]
    const bomb = [0xff, 0xd8, ...frame, ...Array(20).fill(scan).flat(), 0xff, 0xd9]
    await picture('bomb', Buffer.from(bomb))
    await open()
    await settled(1)
    expect(sightings()[0]).toMatchObject({ outcome: 'unreadable', reason: 'PICTURE_TOO_LARGE' })
    expect(order).toEqual([])
  })

  test('tells what was seen before it is redacted, and forgoes the oldest uneventful picture where too many wait for that', async () => {
    const { open, picture, settled, sightings, gate, snapshots } = await setUp({ maxBacklog: 2 })
    gate.redacts = false
    const { desk, attendance } = await open()
    const events = ['a', 'b', 'c', 'd', 'e', 'f']
    for (const [index, event] of events.entries()) {
      await picture(event, 'fine', event === 'c' ? denied : passage())
      await eventually(() => sightings().length === index + 1)
    }
    await eventually(() => attendance.stats().unkept === 2)
    expect(desk.stats()).toMatchObject({ backlog: 0, toRedact: 2, inHand: 2 })
    gate.redacts = true
    await settled(6)
    expect(sightings().every(({ outcome }) => outcome === 'seen')).toBe(true)
    expect(new Set(snapshots.after(0, 9).map(({ event }) => event))).toEqual(new Set(['a', 'b', 'c', 'f']))
  })

  test('does not keep what could not be redacted', async () => {
    const { open, picture, settled, sightings, snapshots, faults } = await setUp()
    const { attendance } = await open()
    await picture('a', 'unredacted')
    await settled(1)
    expect(sightings()[0]).toMatchObject({ outcome: 'seen' })
    expect(snapshots.stats().pictures).toBe(0)
    await eventually(() => attendance.stats().unkept === 1)
    expect(faults).toHaveLength(1)
  })

  test('says that a picture is missing which was dropped while it waited', async () => {
    const { open, picture, settled, sightings, waitingRoom } = await setUp()
    await picture('a', 'fine')
    waitingRoom.clear()
    await open()
    await settled(1)
    expect(sightings()[0]).toMatchObject({ outcome: 'missing', reason: 'PICTURE_MISSING' })
  })

  test('looks at what a gateway says that it has redacted, covers it again, and tells of no sighting', async () => {
    const { open, picture, snapshots, order, sightings, waitingRoom, gate } = await setUp()
    await open()
    await picture('a', 'fine', denied, true)
    await eventually(() => waitingRoom.size === 0)
    const kept = snapshots.find({ device: 'd1', event: 'a' })!
    expect(kept.urgent).toBe(true)
    expect(await snapshots.read(kept)).toEqual(plainJpeg(redactedJpeg))
    expect([order, sightings(), gate.roads]).toEqual([['a'], [], [false]])
  })

  test.each(['unreadable', 'die', 'die later', 'unredacted'])(
    'keeps nothing of a picture of a gateway that is %s, and tells of no sighting',
    async wish => {
      const { open, picture, snapshots, sightings, waitingRoom } = await setUp()
      const { attendance } = await open()
      await picture('a', wish, denied, true)
      await eventually(() => waitingRoom.size === 0)
      await eventually(() => attendance.stats().unkept === 1)
      expect([snapshots.stats().pictures, sightings()]).toEqual([0, []])
    },
  )

  test('goes on after a restart with what was not done, and does nothing twice', async () => {
    const { open, picture, settled, sightings, snapshots, gate, order, cursors, journal } = await setUp()
    const first = await open()
    await picture('a', 'fine')
    await settled(1)
    gate.isReady = false
    await picture('b', 'fine')
    await eventually(() => first.desk.stats().backlog === 1)
    await first.stop()
    expect(cursors.get('tagger')).toBeLessThan(journal.end())
    gate.isReady = true
    await open()
    await settled(2)
    // As after a crash before any cursor was committed, too.
    const again = await open()
    await eventually(() => again.desk.stats().inHand === 0)
    expect(order).toEqual(['a', 'b'])
    expect(sightings()).toHaveLength(2)
    expect(snapshots.stats().pictures).toBe(2)
    await again.stop()
    expect(cursors.get('tagger')).toBe(journal.end())
  })
})
