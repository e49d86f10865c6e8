import { array, assert, asyncProperty, integer } from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { AlertChange } from '../../../alerts/book/alerts.ts'
import { createAlerts } from '../../../alerts/book/book.ts'
import type { Gauge } from '../../../alerts/rules/gauge.ts'
import { createRuleBook } from '../../../alerts/rules/rule-book.ts'
import type { FlowWatch } from '../../../alerts/unusual/flow-watch.ts'
import { createWatch, watchConsumer, watchDefaults } from '../../../alerts/watch/watch.ts'
import { minuteMs, secondMs } from '../../../core/clock.ts'
import { createCursors } from '../../../core/cursors.ts'
import { createMemoryState } from '../../../core/state/memory-state.ts'
import type { State } from '../../../core/state/state.ts'
import type { Place } from '../../../core/words.ts'
import type { EventRecord } from '../../../devices/contract/record.ts'
import { createMemoryJournal } from '../../../gateway/journal/memory-journal.ts'
import { item, passage, someMoment } from '../../support/records.ts'

const quick = {
  ...watchDefaults,
  paceMs: 1,
  batchRecords: 4,
  saveEveryMs: 0,
  retry: { firstMs: 1, maxMs: 2 },
}

/** Counts nothing. */
const noFlow = {
  take: () => {},
  tick: () => {},
  judge: () => undefined,
  changed: () => [],
  use: () => {},
  stats: () => ({ points: 0, series: 0, pending: 0, refused: 0, listed: 0 }),
} as unknown as FlowWatch

const door = (state: 'forced' | 'closed' | 'held' | 'open', at: number): EventRecord =>
  ({ ...passage({ at, receivedAt: at }), kind: 'door', data: { state } }) as EventRecord

interface Change {
  readonly state?: State
  readonly journal?: ReturnType<typeof createMemoryJournal>
  readonly isWatched?: (device: string) => boolean
  readonly placeOf?: (device: string) => Place
  readonly version?: () => number
  readonly gauges?: Gauge[]
  readonly isListening?: () => boolean
  readonly options?: typeof quick
  readonly openFlow?: () => FlowWatch
}

function setUp({
  state = createMemoryState(),
  journal = createMemoryJournal(() => someMoment),
  isWatched = () => true,
  placeOf = () => passage().place,
  version = () => 0,
  gauges = [],
  isListening = () => true,
  options = quick,
  openFlow = () => noFlow,
}: Change = {}) {
  const cursors = createCursors(state, journal)
  const alerts = createAlerts(state, { zoneOf: () => 'Asia/Shanghai', keepDays: 30 })
  const told: AlertChange[] = []
  alerts.listen(changed => told.push(changed))
  const rules = createRuleBook(state)
  const faults: unknown[] = []
  const time = { now: someMoment }
  const watch = createWatch(
    {
      journal,
      state,
      cursors,
      alerts,
      rules,
      devices: { version, isWatched, placeOf },
      openFlow,
      takeGauges: () => gauges.splice(0),
      isListening,
      clock: () => time.now,
      random: () => 0,
      onFault: error => faults.push(error),
    },
    options,
  ) // biome-ignore format: parts
  onTestFinished(() => watch.stop())
  const append = (...records: EventRecord[]) =>
    journal.append('d1', records.map((record, index) => item(`n${journal.end() + index}`, record))) // biome-ignore format: one thing
  const caughtUp = () =>
    vi.waitFor(() => expect(cursors.get(watchConsumer)).toBe(journal.end()), { interval: 1 })
  /** Two rounds, the second of which began after now. */
  const turn = async () => {
    const { saves } = watch.stats()
    await vi.waitFor(() => expect(watch.stats().saves).toBeGreaterThan(saves + 1), { interval: 1 })
  }
  /** The clock goes on, in steps that are no deafness. */
  const letPass = async (ms: number) => {
    for (const end = time.now + ms; time.now < end; ) {
      time.now = Math.min(end, time.now + 20 * secondMs)
      await turn()
    }
  }
  const said = () => told.map(({ change }) => change.what)
  return {
    state,
    journal,
    cursors,
    alerts,
    rules,
    told,
    said,
    faults,
    watch,
    append,
    caughtUp,
    time,
    letPass,
  }
}

describe('the watch', () => {
  test('makes an alert of what a rule finds, and clears it, each told once', async () => {
    const { watch, append, caughtUp, said, time, told, letPass } = setUp()
    await watch.start!()
    await append(passage(), door('forced', someMoment + 100))
    await vi.waitFor(() => expect(said()).toEqual(['raised']))
    expect(told[0]!.alert).toMatchObject({
      rule: 'door-forced',
      place: { site: 'nanshe', building: 'b01', point: 'd01' },
    })
    time.now += secondMs
    await append(door('closed', time.now))
    await caughtUp()
    await letPass(70 * secondMs)
    await vi.waitFor(() => expect(said()).toEqual(['raised', 'cleared']))
  })

  test('saves its position with what it knows, and goes on there', async () => {
    const first = setUp()
    await first.watch.start!()
    await first.append(...Array.from({ length: 9 }, () => passage()), door('forced', someMoment))
    await first.caughtUp()
    await first.watch.stop()
    const second = setUp({ state: first.state, journal: first.journal })
    await second.watch.start!()
    await second.append(door('forced', someMoment + secondMs))
    await second.caughtUp()
    expect(second.said()).toEqual([])
    expect(second.watch.stats()).toMatchObject({ position: 11, units: 2 })
  })

  test('does not look at a device that is disabled, and lets go of what it said', async () => {
    let enabled = true
    let version = 1
    const { watch, append, caughtUp, said, time } = setUp({
      isWatched: () => enabled,
      version: () => version,
    })
    await watch.start!()
    await append(door('forced', someMoment))
    await vi.waitFor(() => expect(said()).toEqual(['raised']))
    enabled = false
    version++
    time.now += 2 * secondMs
    await vi.waitFor(() => expect(said()).toEqual(['raised', 'cleared']))
    await append(door('forced', time.now))
    await caughtUp()
    expect(said()).toEqual(['raised', 'cleared'])
  })

  test('takes what goes on of a device along where the registry moves it, though the device says nothing', async () => {
    const from = passage().place
    let at = from
    let version = 1
    const { watch, append, alerts, said, time } = setUp({ placeOf: () => at, version: () => version })
    await watch.start!()
    const tampered = { ...passage(), kind: 'tamper', data: { part: 'case', active: true } } as EventRecord
    await append({ ...tampered, at: someMoment, receivedAt: someMoment }, door('forced', someMoment))
    await vi.waitFor(() => expect(said()).toEqual(['raised', 'raised']))
    at = { ...from, id: from.id + 1, site: 'xili', point: 'd99' }
    version++
    time.now += 2 * secondMs
    await vi.waitFor(() => expect(said()).toEqual(['raised', 'raised', 'cleared', 'cleared', 'raised']))
    const { alerts: open } = alerts.list({ status: ['open'], limit: 10 })
    expect(open.map(({ rule, place }) => [rule, place.site, place.point])).toEqual([
      ['tamper', 'xili', 'd99'],
    ])
    const { alerts: closed } = alerts.list({ status: ['cleared'], limit: 10 })
    expect(closed.map(({ place, ending }) => [place.site, ending])).toEqual([
      [from.site, 'moved'],
      [from.site, 'moved'],
    ])
  })

  test('takes rules that change while it runs, without a restart', async () => {
    const { watch, append, caughtUp, said, rules, time, letPass } = setUp()
    await watch.start!()
    await rules.set({ rules: { 'door-forced': { enabled: false } } }, 'wang', someMoment)
    await letPass(2 * secondMs)
    await append(door('forced', time.now))
    await caughtUp()
    expect(said()).toEqual([])
  })

  test('tells the operator of what is measured of the service itself', async () => {
    const gauges: Gauge[] = []
    const { watch, told, time, letPass } = setUp({ gauges })
    await watch.start!()
    const measure = (value: number) =>
      gauges.push({ kind: 'gauge', gauge: 'store-down', value, at: time.now, receivedAt: time.now })
    measure(70)
    await letPass(60 * secondMs)
    await vi.waitFor(() => expect(told.map(({ alert }) => alert.rule)).toEqual(['store-down']))
    expect(told[0]!.alert.place).toEqual({})
  })

  test('hears no silence while nobody could have been heard', async () => {
    let listening = false
    const { watch, append, caughtUp, said, letPass } = setUp({ isListening: () => listening })
    await watch.start!()
    const will = { ...passage(), kind: 'status', data: { state: 'offline' } } as EventRecord
    await append(passage({ at: someMoment - 1000 }), will)
    await caughtUp()
    await letPass(2 * minuteMs)
    expect(said()).toEqual([])
    listening = true
    await letPass(2 * minuteMs)
    await vi.waitFor(() => expect(said()).toEqual(['raised']))
  })

  test('waits for a disk that is full with what it has found, and reads nothing anew', async () => {
    const state = createMemoryState()
    let isFull = false
    let opened = 0
    const { watch, append, caughtUp, time, told, said, faults } = setUp({
      state: {
        ...state,
        transact: change => (isFull ? Promise.reject(new Error('no space left')) : state.transact(change)),
      },
      openFlow: () => {
        opened++
        return noFlow
      },
    })
    await watch.start!()
    await append(door('closed', time.now))
    await caughtUp()
    isFull = true
    await append(door('forced', time.now), door('forced', time.now + 1))
    await vi.waitFor(() => expect(faults.length).toBeGreaterThan(3), { interval: 1 })
    expect(told).toEqual([])
    isFull = false
    await caughtUp()
    expect(said()).toEqual(['raised'])
    expect(opened).toBe(1)
  })

  test('saves what was waiting for a disk when it is stopped', async () => {
    const state = createMemoryState()
    let isFull = false
    const { watch, append, caughtUp, time, alerts, faults } = setUp({
      state: {
        ...state,
        transact: change => (isFull ? Promise.reject(new Error('no space left')) : state.transact(change)),
      },
      options: { ...quick, retry: { firstMs: 60_000, maxMs: 60_000 } },
    })
    await watch.start!()
    await append(door('closed', time.now))
    await caughtUp()
    isFull = true
    await append(door('forced', time.now))
    await vi.waitFor(() => expect(faults).toHaveLength(1), { interval: 1 })
    isFull = false
    await watch.stop()
    expect(alerts.list({ limit: 10 }).alerts).toHaveLength(1)
    await caughtUp()
  })

  test('takes what is new in a journal that is an older copy', async () => {
    const { watch, append, said, state, cursors } = setUp()
    await state.transact(() => cursors.move(watchConsumer, 5))
    await watch.start!()
    await append(door('forced', someMoment))
    await vi.waitFor(() => expect(said()).toEqual(['raised']))
    await vi.waitFor(() => expect(cursors.get(watchConsumer)).toBe(1))
  })
})

/** As the disk would have it: what a transaction changed is there whole, or, where it died, not at all. */
function mortal(state: State, dies: () => 'before' | 'after' | undefined): State {
  return {
    ...state,
    async transact(change) {
      const when = dies()
      if (when === 'before') throw new Error('killed before the commit')
      const answer = await state.transact(change)
      if (when === 'after') throw new Error('killed after the commit')
      return answer
    },
  }
}

test('killed before or after any commit, it loses and doubles nothing', async () => {
  const script = Array.from({ length: 12 }, (_, i) =>
    door(i % 2 ? 'closed' : 'forced', someMoment + i * 2 * minuteMs),
  )
  const run = async (deaths: readonly number[]) => {
    const state = createMemoryState()
    const journal = createMemoryJournal(() => someMoment)
    let commits = 0
    const dying = mortal(state, () => {
      const at = deaths.indexOf(++commits)
      return at < 0 ? undefined : at % 2 ? 'after' : 'before'
    })
    const { watch, append, time, alerts, letPass } = setUp({ state: dying, journal })
    await watch.start!()
    for (const record of script) {
      time.now = Math.max(time.now, record.at)
      await append(record)
      await vi.waitFor(() => expect(watch.stats().position).toBe(journal.end()), { interval: 1 })
      await letPass(100 * secondMs)
    }
    await watch.stop()
    const { alerts: all } = alerts.list({ limit: 100 })
    return all
      .flatMap(({ id }) => alerts.history(id))
      .map(({ what, alert, number }) => ({ number, what, alert }))
  }
  const calm = await run([])
  expect(calm.filter(({ what }) => what === 'raised' || what === 'reopened')).toHaveLength(6)
  await assert(
    asyncProperty(array(integer({ min: 1, max: 60 }), { maxLength: 8 }), async deaths => {
      expect(await run([...new Set(deaths)])).toEqual(calm)
    }),
    { numRuns: 12 },
  )
}, 60_000)
