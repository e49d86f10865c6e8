import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  integer,
  option,
  record,
  subarray,
  tuple,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import { codeOf } from '../../core/errors.ts'
import { answerFlow } from '../../flow/query.ts'
import type { ZonedQuestion } from '../../flow/question.ts'
import type { SmallNumbers } from '../../flow/scope.ts'
import { hideSmall } from '../../flow/suppression/hide-small.ts'
import { parseMoment } from '../../flow/zone.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Store } from '../../ingest/store/store.ts'
import { place, row } from '../ingest/store-batch.ts'
import { passage } from '../support/records.ts'

const zone = 'Asia/Shanghai'
const k = 3
const first = parseMoment('2026-11-02', zone)
const places = ['a1', 'a2', 'a3', 'b1', 'b2'].map(building => ({ site: building[0]!, building, kind: 'terminal' as const })) // biome-ignore format: one line
/** The only door of its household, in a house of the site a. */
const households = [{ device: 'd6', site: 'a' }]
const small: SmallNumbers = { k, zone, now: first + 2 * dayMs + 12 * hourMs, places, households }

interface Event {
  readonly quarter: number
  /** Of `places`; the household after them. */
  readonly door: number
  readonly direction: 'in' | 'out'
  readonly method: 'card' | 'face' | 'other'
}

async function storeOf(events: readonly Event[]): Promise<Store> {
  const store = createMemoryStore()
  const rows = events.map(({ quarter, door, direction, method }, i) => {
    const at = first + quarter * 15 * minuteMs + (i % 1000)
    const { site, building } = places[door] ?? { site: 'a', building: 'a1' }
    return row(i + 1, passage({ at, data: { direction, method } }), place(door + 1, { site, building }))
  })
  await store.write({ journal: 'j', rows, next: rows.length })
  return store
}

const someEvents = array(
  record({
    // Few quarters of three days, so that some numbers are large.
    quarter: constantFrom(28, 28, 28, 29, 30, 31, 32, 33, 72, 73, 120, 124, 125, 126, 127, 128, 200),
    door: constantFrom(0, 0, 0, 1, 1, 2, 3, 3, 4, 5),
    direction: constantFrom<Event['direction']>('in', 'in', 'out'),
    method: constantFrom<Event['method']>('card', 'card', 'face', 'other'),
  }),
  { minLength: 40, maxLength: 300 },
)

const grid = integer({ min: -8, max: 300 }).map(quarter => new Date(first + quarter * 15 * minuteMs).toISOString()) // biome-ignore format: one line
const divisions = [undefined, 'building', 'method'] as const
const someQuestion = record({
  measure: constantFrom('passages', 'passages', 'net'),
  range: tuple(constantFrom('2026-11-02', '2026-11-03', undefined), grid, grid),
  every: constantFrom('15m', '1h', '2h', '1d', '1w', 'all'),
  by: subarray(['site', 'direction', 'hour-of-day', 'day-of-week']),
  division: constantFrom(...divisions),
  divides: constantFrom('by', 'where', 'both'),
  sites: constantFrom(undefined, undefined, ['a'], ['b'], ['a', 'b']),
  direction: constantFrom(undefined, undefined, ['in'], ['out']),
  hours: constantFrom(undefined, undefined, ['7'], ['7', '8', '18']),
  values: constantFrom(0, 1, 2),
  compare: option(constantFrom('previous', '1d'), { nil: undefined }),
  top: option(integer({ min: 1, max: 3 }), { nil: undefined, freq: 3 }),
  fill: constantFrom('none', 'zero'),
}).map(({ measure, range: [day, a, b], every, by: some, division, divides, sites, direction, hours, values, top, compare, fill }): ZonedQuestion => {
  const [from, to] = day === undefined ? [a, b].sort() : [day, '2026-11-04']
  const isLong = ['1w', 'all'].includes(every)
  const by = some.filter(one => (one !== 'hour-of-day' || isLong || every === '1d') && (one !== 'day-of-week' || isLong) && (one !== 'direction' || measure !== 'net'))
  const words = { building: [['a1'], ['a1', 'b1'], ['a2', 'a3']], method: [['card'], ['card', 'other'], ['face']] }
  const where: Record<string, readonly string[]> = {}
  if (sites !== undefined) where.site = sites
  if (direction !== undefined && measure !== 'net') where.direction = direction
  if (hours !== undefined) where['hour-of-day'] = hours
  if (division !== undefined && divides !== 'by') where[division] = words[division][values]!
  if (division !== undefined && divides !== 'where') by.push(division)
  return { measure, every, by, where, compare, fill, zone, from: from!, to: to!, share: measure === 'passages', top: by.length === 0 ? undefined : top }
}) // biome-ignore format: long lines

/** Everything that is shown of two days, and what is hidden, worked out without the code under test but for the marks. */
function published(events: readonly Event[]): string {
  const told: string[] = []
  const lattice = (day: number, direction: string, childOf: (event: Event) => string, children: (site: string) => string[]) => {
    const of = events.filter(event => event.direction === direction && Math.floor(event.quarter / 96) === day)
    const counts = (site: string, child: string) => {
      const parts = new Float64Array(96)
      for (const event of of)
        if ((places[event.door]?.site ?? 'a') === site && childOf(event) === child) parts[event.quarter % 96]!++
      return parts
    }
    // Where all but the door of the household comes to less than k, the site is hidden too, by building and by method.
    const others = (site: string) => of.filter(({ door }) => places[door]?.site === site).length
    const sites = ['a', 'b'].map(site => ({
      site,
      ...(site === 'a' && others(site) < k ? { always: 'hidden' as const } : {}),
      children: children(site).map(name => ({ name, ...(name === 'home' ? { always: 'hidden' as const } : {}), counts: counts(site, name) })),
    }))
    const hourOf = Array.from({ length: 96 }, (_, part) => part >> 2)
    const hidden = hideSmall({ sites, hourOf }, k)
    const times = [
      { level: 'day' as const, index: 0, from: 0, to: 96 },
      ...Array.from({ length: 24 }, (_, index) => ({ level: 'hour' as const, index, from: index * 4, to: index * 4 + 4 })),
      ...hourOf.map((_, index) => ({ level: 'part' as const, index, from: index, to: index + 1 })),
    ]
    const nodes: [string?, string?][] = [[], ...sites.flatMap(({ site, children: of }) => [[site], ...of.map(({ name }) => [site, name])] as [string, string?][])]
    for (const [site, child] of nodes) {
      const leaves = sites.filter(one => site === undefined || one.site === site).flatMap(one => one.children.filter(({ name }) => child === undefined || name === child))
      for (const { level, index, from, to } of times) {
        const count = leaves.reduce((sum, { counts: of }) => sum + of.slice(from, to).reduce((a, b) => a + b, 0), 0)
        told.push(hidden.isHidden(level, index, site, child) ? '*' : String(count))
      }
    }
  }
  const methods = ['card', 'face', 'code', 'qr', 'phone', 'remote', 'button', 'other']
  for (const day of [-1, 0, 1]) {
    for (const direction of ['in', 'out']) {
      lattice(day, direction, ({ door }) => places[door]?.building ?? 'home', site => [...places.filter(one => one.site === site).map(({ building }) => building), ...(site === 'a' ? ['home'] : [])])
      lattice(day, direction, ({ method }) => method, () => methods)
    }
  }
  return told.join(' ')
} // biome-ignore format: long lines

/** Another town of which the same is published: events have changed quarters, doors or methods where nobody sees it. */
function disguise(events: readonly Event[], swaps: readonly (readonly [number, number, number])[]): Event[] {
  const want = published(events)
  let changed = [...events]
  for (const [i, j, what] of swaps) {
    const [a, b] = [changed[i % events.length]!, changed[j % events.length]!]
    const member = (['quarter', 'door', 'method'] as const)[what]!
    // Of others it is plain that it would show, or that it would change nothing.
    if (a.direction !== b.direction || a.quarter === b.quarter || a[member] === b[member]) continue
    const tried = [...changed]
    tried[i % events.length] = { ...a, [member]: b[member] }
    tried[j % events.length] = { ...b, [member]: a[member] }
    if (published(tried) === want) changed = tried
  }
  return changed
}

describe('whatever an analyst asks,', () => {
  const ask = (question: ZonedQuestion, store: Store, scope = {}) =>
    answerFlow(question, store, scope).catch(error => ({ code: codeOf(error) ?? error }))
  /** The days that are not over are told to nobody. */
  const cut = (question: ZonedQuestion): ZonedQuestion => {
    const until = first + 2 * dayMs
    const to = Math.max(parseMoment(question.from, zone), Math.min(until, parseMoment(question.to, zone)))
    return { ...question, to: new Date(to).toISOString() }
  }

  test('a number is exact where nothing is hidden, at least what is told where something is, and never small', async () => {
    await assert(
      asyncProperty(someEvents, someQuestion, async (events, asked) => {
        const question = { ...asked, top: undefined }
        const store = await storeOf(events)
        const told = await ask(question, store, { smallNumbers: small })
        if ('code' in told) return
        // Events of a household are at no building.
        const atBuilding = [...question.by, ...Object.keys(question.where!)].includes('building')
        const visible = await storeOf(events.filter(({ door }) => !atBuilding || door < 5))
        const exact = await ask(cut(question), visible)
        if ('code' in exact) return
        const truth = new Map(exact.rows.map(({ start, values, count }) => [`${start} ${values}`, count!]))
        for (const { start, values, count, hidden = 0 } of told.rows) {
          const real = truth.get(`${start} ${values}`) ?? 0
          // An hour or a weekday that only the earlier stretch has.
          if (hidden === 0 && count === null) expect(truth.get(`${start} ${values}`) ?? 0).toBe(0)
          else if (hidden === 0) expect([start, values, count]).toEqual([start, values, real])
          else if (question.measure === 'net') expect(count).toBeNull()
          else if (count !== null) expect(count).toBeLessThanOrEqual(real)
          if (question.measure !== 'net') expect(count === null || count >= k).toBe(true)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('the answers of two towns of which the same is published are the same', {
    timeout: 150_000,
  }, async () => {
    let disguised = 0
    const swap = tuple(
      integer({ min: 0, max: 299 }),
      integer({ min: 0, max: 299 }),
      integer({ min: 0, max: 2 }),
    )
    await assert(
      asyncProperty(
        someEvents,
        array(swap, { minLength: 15, maxLength: 15 }),
        array(someQuestion, { minLength: 25, maxLength: 25 }),
        async (events, swaps, questions) => {
          const other = disguise(events, swaps)
          if (other.some((event, i) => event !== events[i])) disguised++
          const [one, two] = await Promise.all([storeOf(events), storeOf(other)])
          for (const question of questions)
            expect(await ask(question, two, { smallNumbers: small })).toEqual(
              await ask(question, one, { smallNumbers: small }),
            )
        },
      ),
      { numRuns: 12 },
    )
    // Else nothing was tried.
    expect(disguised).toBeGreaterThan(5)
  })
})

describe('an analyst', () => {
  const busy = Array.from(
    { length: 90 },
    (_, i): Event => ({
      quarter: 28 + (i % 2) * 96,
      door: i % 6,
      direction: i % 5 === 0 ? 'out' : 'in',
      method: 'card',
    }),
  )
  const asker = (events: readonly Event[], change: Partial<SmallNumbers> = {}) => {
    const store = storeOf(events)
    return async (question: Partial<ZonedQuestion>) =>
      answerFlow(
        { measure: 'passages', from: '2026-11-02', to: '2026-11-05', every: '1d', by: [], zone, ...question },
        await store,
        { smallNumbers: { ...small, ...change } },
      )
  }

  test('is told of days that are over, and up to when that is', async () => {
    const answer = await asker(busy)({})
    expect(answer.rows.map(({ start, count }) => [start.slice(0, 10), count])).toEqual([
      ['2026-11-02', 45],
      ['2026-11-03', 45],
    ])
    expect(answer).toMatchObject({
      to: '2026-11-04T00:00:00+08:00',
      total: 90,
      suppression: { minCount: k, until: '2026-11-04T00:00:00+08:00' },
    })
    expect(await asker(busy)({ from: '2026-11-04' })).toMatchObject({ rows: [], total: null })
    expect(await asker(busy)({ from: '2026-11-04', compare: '1d' })).toMatchObject({ rows: [], total: null })
  })

  test('is told of every building, in a star, whether anything happened there or not', async () => {
    const alone = busy.filter(({ door }) => door === 0)
    const { rows } = await asker(alone)({ by: ['site', 'building'], to: '2026-11-03' })
    expect(rows.map(({ values }) => values.join(' '))).toEqual(['a a1', 'a a2', 'a a3', 'b b1', 'b b2'])
    expect(rows.filter(({ count }) => count === 0)).toEqual([])
  })

  test('is told of the door of a household in its site alone', async () => {
    const home = Array.from({ length: 40 }, (): Event => ({ quarter: 28, door: 5, direction: 'in', method: 'card' })) // biome-ignore format: one line
    const ask = asker([...busy, ...home])
    const bySite = await ask({ by: ['site'], to: '2026-11-03' })
    expect(bySite.rows[0]).toMatchObject({ values: ['a'], count: 30 + 40 })
    const byBuilding = await ask({ by: ['building'], to: '2026-11-03', where: { direction: ['in'] } })
    expect(byBuilding.rows.every(({ count }) => count === null || count <= 15)).toBe(true)
    expect(byBuilding.rows.some(({ count, hidden }) => count === null && hidden === 1)).toBe(true)
  })

  test('of a site with nothing but households is told nothing, also by method', async () => {
    const ask = asker(busy, { places: places.filter(({ site }) => site === 'b') })
    for (const by of [['site'], ['site', 'method'], ['site', 'building']]) {
      const { rows } = await ask({ by, to: '2026-11-03' })
      expect(rows.filter(({ values, count }) => values[0] === 'a' && count !== null)).toEqual([])
    }
  })

  const refused: { change: Partial<ZonedQuestion>; say: RegExp }[] = [
    { change: { zone: 'Asia/Tokyo' }, say: /^zone must be Asia\/Shanghai/ },
    { change: { from: '2026-11-02T00:05' }, say: /^from and to must be on a quarter of an hour/ },
    { change: { by: ['device'] }, say: /^device is not told/ },
    { change: { where: { point: ['p1'] } }, say: /^point is not told/ },
    { change: { measure: 'vehicles', by: ['lane'] }, say: /^lane is not told/ },
    { change: { by: ['result'] }, say: /^result is not told/ },
    { change: { by: ['building', 'method'] }, say: /^building and method are not told of one number/ },
    {
      change: { by: ['holder'], where: { method: ['card'] } },
      say: /^holder and method are not told of one/,
    },
  ]
  for (const { change, say } of refused) {
    test(`is not answered with ${JSON.stringify(change)}`, async () => {
      await expect(asker(busy)(change)).rejects.toMatchObject({
        code: 'FLOW_QUERY_INVALID',
        message: expect.stringMatching(say),
      })
    })
  }

  test('has the 25 hours of a day on which the clock is set back, and 24 hours of the day', async () => {
    const berlin = 'Europe/Berlin'
    const from = parseMoment('2026-10-25', berlin)
    const store = createMemoryStore()
    const rows = Array.from({ length: 25 * 20 }, (_, i) => row(i + 1, passage({ at: from + i * 3 * minuteMs }), place(1 + (i % 2), { site: 'a', building: `a${1 + (i % 2)}` }))) // biome-ignore format: one line
    await store.write({ journal: 'j', rows, next: rows.length })
    const ask = (change: Partial<ZonedQuestion>) =>
      answerFlow(
        { measure: 'passages', from: '2026-10-24', to: '2026-10-27', by: ['building'], zone: berlin, where: { direction: ['in'] }, ...change },
        store,
        { smallNumbers: { ...small, zone: berlin, now: from + 40 * hourMs, places: places.slice(0, 2), households: [] } },
      ) // biome-ignore format: long lines
    const hourly = (await ask({ every: '1h', from: '2026-10-25' })).rows
    expect(hourly).toHaveLength(2 * 25)
    expect(hourly.every(({ count }) => count === 10)).toBe(true)
    const folded = (await ask({ by: ['hour-of-day'], from: '2026-10-25' })).rows
    expect(folded.map(({ count }) => count)).toEqual(
      Array.from({ length: 24 }, (_, i) => (i === 2 ? 40 : 20)),
    )
    const daily = await ask({ every: '1d' })
    expect(daily.rows.map(({ start, count }) => [start, count])).toEqual([
      ['2026-10-24T00:00:00+02:00', null],
      ['2026-10-24T00:00:00+02:00', null],
      ['2026-10-25T00:00:00+02:00', 250],
      ['2026-10-25T00:00:00+02:00', 250],
    ])
    expect((await ask({ every: 'all', from: '2026-10-25T12:00' })).total).toBe(12 * 20)
  })

  test('is told to ask for less where it would take long', async () => {
    const many = Array.from({ length: 2400 }, (_, i) => ({ site: 'a', building: `x${i}`, kind: 'terminal' as const })) // biome-ignore format: one line
    const answer = asker(busy, { places: many })({ from: '2025-11-02', every: '15m' })
    await expect(answer).rejects.toMatchObject({ code: 'FLOW_QUERY_TOO_WIDE' })
  })

  // To list the quarters of an hour of one century takes seconds, and others are not served meanwhile.
  test('is told so before anything is made of the days, however many and however asked for', {
    timeout: 20_000,
  }, async () => {
    const ask = asker(busy, { places: places.slice(0, 1) })
    for (let n = 0; n < 20; n++)
      for (const compare of [undefined, 'previous'] as const)
        await expect(ask({ from: `19${27 + n}-03-10T00:15`, every: 'all', compare })).rejects.toMatchObject({
          code: 'FLOW_QUERY_TOO_WIDE',
        })
  })
})
