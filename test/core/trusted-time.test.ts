import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { array, assert, asyncProperty, constant, constantFrom, integer, oneof, record } from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { dayMs, hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import { openClockFile } from '../../core/trusted-time/clock-file.ts'
import { systemRunningTime } from '../../core/trusted-time/running-time.ts'
import { awaitTimeReader } from '../../core/trusted-time/time-reader.ts'
import { confirms } from '../../core/trusted-time/time-server.ts'
import { Machine } from '../support/machine.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const someAt = Date.UTC(2026, 10, 28, 13)
const yearMs = 365 * dayMs

/** Keeps time as a process does: a look each second, of which only the first and the last of a stretch are done here. */
async function start(machine: Machine, witnessAt?: number) {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const keeper = machine.keeper(witnessAt)
  await keeper.start!()
  const settle = () => new Promise(resolve => setImmediate(resolve))
  return {
    keeper,
    async pass(ms: number) {
      machine.pass(ms)
      vi.advanceTimersByTime(secondMs)
      await settle()
    },
    stop: async () => keeper.stop(),
    /** Ends without a last word. */
    kill: () => vi.clearAllTimers(),
  }
}

/** Has run for a day, honestly. */
async function settled(machine = new Machine(someAt)) {
  const service = await start(machine)
  for (let hour = 0; hour < 24; hour++) await service.pass(hourMs)
  return { machine, ...service }
}

describe('the clock is believed', () => {
  test('at the first start of all, and its word is on disk', async () => {
    const machine = new Machine(someAt)
    const { keeper } = await start(machine)
    expect(keeper.isSure()).toBe(true)
    expect(keeper.clock()).toBe(someAt)
    expect(machine.disk).toMatchObject({ at: someAt, upMs: 1000 })
  })

  test('while it runs as time does, and the line is written every minute', async () => {
    const machine = new Machine(someAt)
    const { keeper, pass } = await start(machine)
    for (let i = 0; i < 10; i++) await pass(minuteMs)
    expect(keeper.isSure()).toBe(true)
    expect(machine.copies.length).toBe(11)
    expect(machine.disk!.at).toBe(machine.trueAt)
  })

  test('after small steps, however many, as a time server makes them', async () => {
    const { machine, keeper, pass } = await settled()
    for (let day = 0; day < 60; day++) {
      machine.offMs += (day % 3 === 0 ? 2 : 1) * 10 * secondMs
      await pass(dayMs)
    }
    expect(keeper.isSure()).toBe(true)
    expect(keeper.clock()).toBe(machine.systemAt)
  })

  const stops = [
    { title: 'a process that was down for years on a machine that was up', downMs: 3 * yearMs, offMs: 0 },
    { title: 'a machine that was off for half an hour', downMs: 0, offMs: hourMs / 2 },
  ]
  for (const { title, downMs, offMs } of stops)
    test(`after ${title}`, async () => {
      const { machine, kill } = await settled()
      kill()
      machine.pass(downMs)
      if (offMs > 0) machine.off(offMs)
      const { keeper } = await start(machine)
      expect(keeper.isSure()).toBe(true)
      expect(keeper.clock()).toBe(machine.trueAt)
    })
})

describe('the clock is in doubt', () => {
  const jumps = [
    { by: 10 * yearMs, why: 'ahead' },
    { by: -7 * yearMs, why: 'behind' },
    { by: yearMs, why: 'ahead' },
    { by: hourMs, why: 'ahead' },
    { by: 3 * minuteMs, why: 'ahead' },
    { by: -3 * minuteMs, why: 'behind' },
  ] as const
  for (const { by, why } of jumps) {
    test(`at once when it jumps by ${by / hourMs} h, and time goes on as it ran`, async () => {
      const { machine, keeper, pass } = await settled()
      const reader = machine.reader()
      machine.offMs = by
      expect(keeper.clock()).toBe(machine.trueAt)
      expect(keeper.isSure()).toBe(false)
      // Another process sees for itself.
      expect(reader.clock()).toBe(machine.trueAt)
      expect(reader.isSure()).toBe(false)
      await pass(70 * secondMs)
      expect(keeper.clock()).toBe(machine.trueAt)
      expect(keeper.view()).toMatchObject({ state: 'in-doubt', why, doubtForMs: 70 * secondMs })
      machine.offMs = 0
      await pass(secondMs)
      expect(keeper.isSure()).toBe(true)
      expect(machine.told.map(({ state }) => state)).toEqual(['in-doubt', 'sure'])
    })

    test(`when a process starts ${by / hourMs} h off on a machine that was up, and it knows the time all the same`, async () => {
      const { machine, kill } = await settled()
      kill()
      machine.pass(10 * minuteMs)
      machine.offMs = by
      const { keeper } = await start(machine)
      expect(keeper.isSure()).toBe(false)
      expect(Math.abs(keeper.clock() - machine.trueAt)).toBeLessThan(secondMs)
      expect(machine.told).toHaveLength(1)
    })
  }

  const starts = [
    { title: '10 years ahead', offMs: minuteMs, by: 10 * yearMs },
    { title: '7 years behind', offMs: minuteMs, by: -7 * yearMs },
    { title: 'a zone ahead', offMs: minuteMs, by: 8 * hourMs },
    { title: 'behind what is known, if only a little', offMs: 0, by: -3 * minuteMs },
    { title: 'right, after three weeks without power', offMs: 21 * dayMs, by: 0 },
  ]
  for (const { title, offMs, by } of starts)
    test(`when the machine starts ${title}, and is never taken for later than it is`, async () => {
      const { machine, kill } = await settled()
      kill()
      machine.off(offMs)
      machine.offMs = by
      const { keeper, pass } = await start(machine)
      expect(keeper.isSure()).toBe(false)
      await pass(hourMs)
      expect(keeper.clock()).toBeLessThanOrEqual(machine.trueAt)
      expect(keeper.clock()).toBeGreaterThanOrEqual(machine.trueAt - offMs - minuteMs)
    })

  const first = [
    { title: 'before Lintel was', at: Date.UTC(2019, 5, 1) },
    { title: 'that far ahead', at: Date.UTC(2037, 5, 1) },
  ]
  for (const { title, at } of first)
    test(`at the first start of all, ${title}, until it is set`, async () => {
      const machine = new Machine(someAt)
      machine.offMs = at - someAt
      const { keeper, pass } = await start(machine)
      expect(keeper.view()).toMatchObject({ state: 'in-doubt', why: 'unknown' })
      // Any time that may be true is believed of an event.
      expect(keeper.clock() + keeper.doubtMs()).toBeGreaterThan(someAt)
      machine.offMs = 0
      await pass(minuteMs)
      expect(keeper.isSure()).toBe(true)
    })

  test('where the line is lost and another witness has seen a later time', async () => {
    const machine = new Machine(someAt)
    machine.offMs = -yearMs
    const { keeper } = await start(machine, someAt - minuteMs)
    expect(keeper.view()).toMatchObject({ state: 'in-doubt', why: 'behind', at: someAt - minuteMs })
  })

  test('still after a restart, and of all copies that were ever written each can be put back', async () => {
    const { machine, pass, kill } = await settled()
    machine.offMs = yearMs
    await pass(minuteMs)
    kill()
    for (const copy of [...machine.copies]) {
      machine.disk = copy
      const { keeper, kill } = await start(machine)
      expect(keeper.isSure()).toBe(false)
      expect(Math.abs(keeper.clock() - machine.trueAt)).toBeLessThan(secondMs)
      kill()
    }
  })

  test('for the reason of now, also in a process that reads of a doubt before the clock was set again', async () => {
    const { machine, keeper, pass } = await settled()
    machine.offMs = 10 * yearMs
    await pass(secondMs)
    const reader = machine.reader()
    expect(reader.view()).toMatchObject({ state: 'in-doubt', why: 'ahead' })
    machine.offMs = -7 * yearMs
    for (const time of [keeper, reader])
      expect(time.view()).toMatchObject({ state: 'in-doubt', why: 'behind' })
  })

  test('in another process until the first has judged it since the machine was started', async () => {
    const { machine, kill } = await settled()
    const reader = machine.reader()
    expect(reader.isSure()).toBe(true)
    kill()
    machine.off(minuteMs)
    expect(machine.reader().isSure()).toBe(false)
    await start(machine)
    expect(machine.reader().isSure()).toBe(true)
  })
})

describe('a doubt ends', () => {
  async function afterMonths() {
    const { machine, kill } = await settled()
    kill()
    machine.off(90 * dayMs)
    return { machine, ...(await start(machine)) }
  }

  test('when a person says that the clock is right, and that is on disk', async () => {
    const { machine, keeper, kill } = await afterMonths()
    expect(await keeper.trust()).toMatchObject({ state: 'sure', at: machine.trueAt })
    kill()
    expect((await start(machine)).keeper.isSure()).toBe(true)
  })

  test('when a person sets the line back, for good, whatever else has seen the later time', async () => {
    const { machine, keeper, pass, kill } = await settled()
    machine.offMs = -30 * dayMs
    await pass(minuteMs)
    await keeper.trust()
    expect(keeper.clock()).toBe(machine.systemAt)
    await pass(minuteMs)
    kill()
    machine.off(minuteMs)
    const again = await start(machine, someAt + dayMs)
    expect(again.keeper.isSure()).toBe(true)
  })

  test('when a time server confirms the clock', async () => {
    const { machine, keeper, pass } = await afterMonths()
    await pass(secondMs)
    expect(keeper.isSure()).toBe(false)
    machine.isSynchronized = true
    await pass(secondMs)
    expect(keeper.isSure()).toBe(true)
  })

  test('when most devices have the time of the clock, by their own', async () => {
    const { machine, keeper, pass } = await afterMonths()
    keeper.heard('door-1', machine.trueAt - secondMs)
    keeper.heard('door-9', Date.UTC(2000, 0, 1))
    await pass(secondMs)
    expect(keeper.isSure()).toBe(false)
    // What one says first may be from before.
    keeper.heard('door-2', machine.trueAt - dayMs)
    keeper.heard('door-2', machine.trueAt)
    await pass(secondMs)
    expect(keeper.isSure()).toBe(true)
    expect(keeper.clock()).toBe(machine.trueAt)
  })

  test('not by the word of one device, however often', async () => {
    const { machine, keeper, pass } = await afterMonths()
    for (let i = 0; i < 10; i++) {
      keeper.heard('door-1', machine.trueAt)
      await pass(minuteMs)
    }
    expect(keeper.isSure()).toBe(false)
  })

  test('not because devices or a time server say so, where it is further off than any stop lasts', async () => {
    const { machine, keeper, pass } = await settled()
    machine.offMs = 10 * yearMs
    machine.isSynchronized = true
    for (const door of ['door-1', 'door-2', 'door-3']) keeper.heard(door, machine.systemAt)
    await pass(minuteMs)
    expect(keeper.isSure()).toBe(false)
  })

  test('not because devices had the time of the clock before that jumped again', async () => {
    const { machine, keeper, pass } = await afterMonths()
    for (const door of ['door-1', 'door-2']) keeper.heard(door, machine.trueAt)
    machine.offMs = 40 * dayMs
    await pass(secondMs)
    expect(keeper.isSure()).toBe(false)
  })
})

const files = [
  { title: 'touched since the clock was set', at: 5 * secondMs, afterStart: false, confirms: true },
  { title: 'touched before the clock was set', at: -50 * minuteMs, afterStart: false, confirms: false },
  { title: 'touched since the machine was started', at: -20 * minuteMs, afterStart: true, confirms: true },
  { title: 'touched long ago', at: -40 * minuteMs, afterStart: true, confirms: false },
  { title: 'of a time that has not come', at: hourMs, afterStart: true, confirms: false },
]
for (const { title, at, afterStart, confirms: want } of files)
  test(`what a time server has confirmed, ${title}, ${want ? 'counts' : 'does not count'}`, () => {
    const doubt = { why: 'ahead', sinceUpMs: 0, sinceSystemAt: someAt, aheadMs: 0, afterStart } as const
    const reading = { systemAt: someAt + 10 * secondMs, upMs: 10 * secondMs, boot: 'b' }
    expect(confirms(someAt + at, doubt, reading)).toBe(want)
  })

test('a full disk is told once, and the line is written when there is room again', async () => {
  const machine = new Machine(someAt)
  const { pass } = await start(machine)
  machine.isDiskFull = true
  for (let i = 0; i < 5; i++) await pass(minuteMs)
  expect(machine.faults).toHaveLength(1)
  machine.isDiskFull = false
  await pass(minuteMs)
  expect(machine.disk!.at).toBe(machine.trueAt)
})

type Step =
  | { readonly act: 'pass' | 'off' | 'down'; readonly ms: number }
  | { readonly act: 'jump'; readonly ms: number }
  | { readonly act: 'right' | 'synchronize' }
  | { readonly act: 'putBack'; readonly copy: number }

const lengths = constantFrom(secondMs, minuteMs, 20 * minuteMs, hourMs, dayMs, 30 * dayMs, yearMs)
const jumps = constantFrom(1, -1).chain(sign => lengths.map(ms => sign * ms * 3))
const step = oneof(
  record({ act: constantFrom('pass', 'off', 'down'), ms: lengths }),
  record({ act: constant('jump'), ms: jumps }),
  record({ act: constantFrom('right', 'synchronize') }),
  record({ act: constant('putBack'), copy: integer({ min: 0, max: 50 }) }),
) as unknown as import('fast-check').Arbitrary<Step>

test('whatever the clock, the power and the disk do, time is never ahead of the truth by more than steps that are believed', async () => {
  const property = asyncProperty(array(step, { minLength: 1, maxLength: 40 }), async steps => {
    const machine = new Machine(someAt)
    let service = await start(machine)
    // What a start, small steps and the slew of the line may each add.
    const most = () => machine.boots * hourMs + 2 * minuteMs + machine.runningMs / 1000 + secondMs
    const check = () => {
      for (const time of [service.keeper, machine.reader()]) {
        expect(time.clock() - machine.trueAt).toBeLessThanOrEqual(most())
        // Where things may be deleted, it is the system clock that says so, and not alone.
        if (time.isSure()) expect(Math.abs(machine.offMs)).toBeLessThanOrEqual(most())
      }
    }
    for (const one of steps) {
      if (one.act === 'pass') for (let i = 0; i < 3; i++) await service.pass(one.ms / 3)
      if (one.act === 'jump') machine.offMs += one.ms
      if (one.act === 'right') machine.offMs = 0
      if (one.act === 'synchronize') {
        // A time server says what is true.
        machine.offMs = 0
        machine.isSynchronized = true
        await service.pass(secondMs)
        machine.isSynchronized = false
      }
      if (one.act === 'down' || one.act === 'off' || one.act === 'putBack') {
        service.kill()
        if (one.act === 'down') machine.pass(one.ms)
        if (one.act === 'off') machine.off(one.ms)
        if (one.act === 'putBack') machine.disk = machine.copies[one.copy % machine.copies.length]
        service = await start(machine)
      }
      check()
    }
    service.kill()
  })
  await assert(property, { numRuns: 300 })
})

describe('on a real machine', () => {
  test('running time goes on, and does not depend on a clock', async () => {
    const running = systemRunningTime()
    expect(running.boot).not.toBe('')
    const first = running.upMs()
    await vi.waitUntil(() => running.upMs() > first + 40)
    vi.setSystemTime(0)
    onTestFinished(() => void vi.useRealTimers())
    expect(running.upMs()).toBeGreaterThan(first + 40)
  })

  test('the line is written whole, over what a kill has left, and what cannot be read is none', async () => {
    const directory = await temporaryDirectory()
    const path = join(directory, 'clock.json')
    const file = openClockFile(path)
    expect(file.read()).toBeUndefined()
    writeFileSync(`${path}.new`, '{"at":')
    const line = { at: someAt, upMs: 5, boot: 'b' }
    await Promise.all([file.write({ ...line, at: 1 }), file.write(line)])
    expect(file.read()).toEqual(line)
    expect(readFileSync(path, 'utf8')).toContain(String(someAt))
    for (const broken of ['', '{"at":1}', 'null', '[]', 'x']) {
      writeFileSync(path, broken)
      expect(file.read()).toBeUndefined()
    }
    mkdirSync(join(directory, 'sub'))
    await expect(openClockFile(join(directory, 'sub', 'none', 'clock.json')).write(line)).rejects.toThrow()
  })

  test('a process waits for the one that keeps the time, and not for ever', async () => {
    const path = join(await temporaryDirectory(), 'clock.json')
    const running = systemRunningTime()
    const parts = { system: () => someAt, running, file: openClockFile(path) }
    expect((await awaitTimeReader(parts, 100)).isSure()).toBe(false)
    const waiting = awaitTimeReader(parts, 60_000)
    await parts.file.write({ at: someAt, upMs: running.upMs(), boot: running.boot })
    expect((await waiting).isSure()).toBe(true)
  })
})
