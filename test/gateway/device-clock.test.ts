import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayMs, hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import { admitEvents } from '../../gateway/admit/admit-events.ts'
import { DeviceClock } from '../../gateway/admit/device-clock.ts'
import { someMoment, somewhere } from '../support/records.ts'

/** When it happened and when it was received, in ms; `off` is how far the clock of the device is behind. */
interface Message {
  readonly at: number
  readonly received: number
  readonly off: number
}

const live = (from: number, count: number, off: number, everyMs = 5 * minuteMs): Message[] =>
  Array.from({ length: count }, (_, i) => ({
    at: from + i * everyMs,
    received: from + i * everyMs + (i % 3) * 200,
    off,
  }))

/** What happened while the network was away, and is delivered from `received` on. */
const backlog = (from: number, count: number, received: number, off: number, everyMs = 5 * minuteMs, paceMs = 50): Message[] =>
  Array.from({ length: count }, (_, i) => ({ at: from + i * everyMs, received: received + i * paceMs, off })) // biome-ignore format: one row

function placeAll(messages: readonly Message[], clock = new DeviceClock()) {
  return messages.map(({ at, received, off }) => {
    clock.hear(at - off, received)
    return { ...clock.place(at - off, received), trueAt: at, received }
  })
}
const t = someMoment

describe('a clock that is steadily off', () => {
  const offsets = [
    { title: '3 minutes behind', off: 3 * minuteMs },
    { title: '6 minutes behind', off: 6 * minuteMs },
    { title: '1 hour behind', off: hourMs },
    { title: '8 hours behind', off: 8 * hourMs },
    { title: '20 days behind', off: 20 * dayMs },
    { title: '26 years behind', off: 26 * 365 * dayMs },
    { title: '3 minutes ahead', off: -3 * minuteMs },
    { title: '1 hour ahead', off: -hourMs },
    { title: '19 years ahead', off: -19 * 365 * dayMs },
  ]
  test.each(offsets)('is corrected and marked after four messages: $title', ({ off }) => {
    for (const { at, late, skewed, trueAt } of placeAll(live(t, 12, off)).slice(3)) {
      expect(Math.abs(at - trueAt)).toBeLessThan(secondMs)
      expect({ late, skewed }).toEqual({ late: false, skewed: true })
    }
  })

  test.each(offsets.filter(({ off }) => off < 20 * dayMs))(
    'keeps the distances of what comes after an outage: $title',
    ({ off }) => {
      const known = live(t, 6, off)
      const from = t + hourMs
      const placed = placeAll([...known, ...backlog(from, 24, from + 2 * hourMs, off)]).slice(known.length)
      for (const { at, late, skewed, trueAt, received } of placed) {
        expect(Math.abs(at - trueAt)).toBeLessThan(secondMs)
        expect({ late, skewed }).toEqual({ late: received - trueAt > 5 * minuteMs, skewed: true })
      }
    },
  )

  test.each(offsets)('is believed with the first message after it was set right: $title', ({ off }) => {
    const messages = [...live(t, 8, off), ...live(t + hourMs, 3, 0)]
    for (const { at, late, skewed, trueAt } of placeAll(messages).slice(8)) {
      expect({ at, late, skewed }).toEqual({ at: trueAt, late: false, skewed: false })
    }
  })

  test('by less than two minutes is corrected without a mark, by less than half a minute left alone', () => {
    expect(placeAll(live(t, 6, 100 * secondMs)).slice(3)).toMatchObject(
      live(t, 6, 0)
        .slice(3)
        .map(({ at }) => ({ at: expect.closeTo(at, -3), late: false, skewed: false })),
    )
    expect(placeAll(live(t, 6, 20 * secondMs)).map(({ at, trueAt }) => trueAt - at)).toEqual(
      Array(6).fill(20 * secondMs),
    )
  })

  test('is learned while a road has an event each second, and in a burst of a minute it is not', () => {
    const road = placeAll(live(t, 120, hourMs, secondMs))
    expect(road.slice(61).every(({ late, skewed }) => !late && skewed)).toBe(true)
    expect(road.slice(0, 59).every(({ late, skewed }) => late && !skewed)).toBe(true)
  })

  test('is learned anew when it is set further back', () => {
    const placed = placeAll([...live(t, 6, hourMs), ...live(t + hourMs, 6, 9 * hourMs)])
    expect(placed.slice(9).map(({ late, skewed }) => ({ late, skewed }))).toEqual(
      Array(3).fill({ late: false, skewed: true }),
    )
  })
})

describe('a clock that is right', () => {
  test('is never corrected because of a backlog, however it drains', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            hours: fc.integer({ min: 1, max: 72 }),
            everyS: fc.integer({ min: 5, max: 600 }),
            // At most a fifth of real time: a backlog that does not get shorter cannot be told from a clock that is behind.
            pace: fc.double({ min: 0, max: 0.2, noNaN: true }),
            between: fc.integer({ min: 0, max: 8 }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        outages => {
          let now = t
          const messages: Message[] = []
          for (const { hours, everyS, pace, between } of outages) {
            messages.push(...live(now, between, 0))
            const from = now + between * 5 * minuteMs
            const count = Math.min(500, Math.floor((hours * hourMs) / (everyS * secondMs)))
            const back = from + count * everyS * secondMs
            messages.push(...backlog(from, count, back, 0, everyS * secondMs, pace * everyS * secondMs))
            now = back + count * everyS * secondMs
          }
          for (const { at, late, skewed, trueAt, received } of placeAll(messages))
            expect({ at, late, skewed }).toEqual({
              at: trueAt,
              late: received - trueAt > 5 * minuteMs,
              skewed: false,
            })
        },
      ),
    )
  })

  test('is not doubted for one event with a time that cannot be', () => {
    const odd = { at: t + hourMs, received: t + hourMs, off: 30 * 365 * dayMs }
    const placed = placeAll([...live(t, 3, 0), odd, ...live(t + 2 * hourMs, 3, 0)])
    expect(placed.map(({ skewed }) => skewed)).toEqual([false, false, false, true, false, false, false])
    expect(placed.every(({ at, trueAt }) => at === trueAt)).toBe(true)
  })
})

describe('a clock that starts in 1970', () => {
  const off = 56 * 365 * dayMs

  test('places a single event at its receipt', () => {
    const [placed] = placeAll([{ at: t, received: t, off }])
    expect(placed).toMatchObject({ at: t, late: false, skewed: true })
  })

  test('tells of a backlog that all but its first is history, and of what follows that it is not', () => {
    const kept = backlog(t, 6, t + 3 * hourMs, off, 30 * minuteMs, 10)
    const after = live(t + 3 * hourMs + minuteMs, 3, off + 30 * minuteMs)
    const placed = placeAll([...kept, ...after])
    expect(placed.map(({ late }) => late)).toEqual([false, ...Array(5).fill(true), false, false, false])
    expect(placed.every(({ skewed }) => skewed)).toBe(true)
  })

  test('keeps the distances within an array', () => {
    const events = Array.from({ length: 6 }, (_, i) => ({
      id: `e-${i}`, type: 'health', time: new Date(i * 30 * minuteMs).toISOString(), data: { uptimeS: i },
    })) // biome-ignore format: one row
    const { items, wantsTime } = admitEvents(Buffer.from(JSON.stringify(events)), somewhere, t, {
      clock: new DeviceClock(),
    })
    const placed = items.map(item =>
      'record' in item ? { age: t - item.record.at, late: item.record.late } : undefined,
    )
    expect(placed).toEqual(
      [150, 120, 90, 60, 30, 0].map(minutes => ({ age: minutes * minuteMs, late: minutes > 5 })),
    )
    expect(wantsTime).toBe(true)
  })
})

test('nothing is placed after its receipt by more than two minutes, nor before the contract allows', () => {
  const message = fc.record({
    gap: fc.oneof(fc.nat(30_000), fc.nat(dayMs)),
    off: fc.oneof(
      fc.constant(0),
      fc.integer({ min: -hourMs, max: 10 * hourMs }),
      fc.integer({ min: -30 * 365 * dayMs, max: 60 * 365 * dayMs }),
    ),
  })
  fc.assert(
    fc.property(fc.array(message, { maxLength: 60 }), messages => {
      const clock = new DeviceClock()
      let received = t
      for (const { gap, off } of messages) {
        received += gap
        clock.hear(received - off, received)
        const { at } = clock.place(received - off, received)
        expect(at).toBeLessThanOrEqual(received + 2 * minuteMs)
        expect(at).toBeGreaterThanOrEqual(received - 31 * dayMs)
      }
    }),
  )
})
