import { describe, expect, test } from 'vitest'
import { createRuleBook, type RulesInForce } from '../../../alerts/rules/rule-book.ts'
import { rules } from '../../../alerts/rules/rules.ts'
import { createMemoryState } from '../../../core/state/memory-state.ts'
import type { State } from '../../../core/state/state.ts'

const doorHeld = rules.find(({ name }) => name === 'door-held')!
const heldS = (seconds: number) => ({ rules: { 'door-held': { heldS: seconds } } })

describe('the rule book', () => {
  test('begins with the defaults, as version 0', () => {
    const book = createRuleBook(createMemoryState())
    expect(book.current()).toMatchObject({ number: 0, document: {}, problems: [] })
    expect(book.current().settings.of(doorHeld, {}).heldS).toBe(90)
    expect(book.history()).toEqual([])
  })

  test('puts in force what is set, tells those who listen once it is, and keeps who set it and when', async () => {
    const state = createMemoryState()
    const book = createRuleBook(state)
    const heard: RulesInForce[] = []
    const end = book.listen(inForce => heard.push(inForce))
    const set = await book.set(heldS(120), 'wang.fang', 7)
    expect(set).toEqual({ number: 1, changes: [{ path: ['rules', 'door-held', 'heldS'], after: 120 }] })
    expect(heard.map(({ number, settings }) => [number, settings.of(doorHeld, {}).heldS])).toEqual([[1, 120]])
    end()
    await book.set(heldS(130), 'operator', 8)
    expect(heard).toHaveLength(1)
    expect(createRuleBook(state).current()).toMatchObject({ number: 2, at: 8, by: 'operator' })
    expect(book.history()).toEqual([
      { number: 2, at: 8, by: 'operator', document: heldS(130) },
      { number: 1, at: 7, by: 'wang.fang', document: heldS(120) },
    ])
  })

  test('makes no version of what says nothing new, nor of what is only compared', async () => {
    const book = createRuleBook(createMemoryState())
    await book.set(heldS(120), 'operator', 1)
    const heard: number[] = []
    book.listen(({ number }) => heard.push(number))
    expect(await book.set(heldS(120), 'operator', 2)).toEqual({ number: 1, changes: [] })
    expect(book.compare({})).toEqual({ number: 1, changes: [{ path: ['rules', 'door-held', 'heldS'], before: 120 }] }) // biome-ignore format: one line
    expect(heard).toEqual([])
    expect(book.history()).toHaveLength(1)
  })

  const refused = [
    { title: 'a parameter out of its range', value: heldS(1), says: 'rules.door-held.heldS: must be' },
    { title: 'an unknown rule', value: { rules: { x: {} } }, says: 'rules.x: there is no such rule' },
    { title: 'an unknown member', value: { rule: {} }, says: 'there are rules, sites, calendar' },
    { title: 'a date that no calendar has', value: { calendar: { holidays: { new: ['2027-02-30'] } } }, says: 'calendar: holidays.new: "2027-02-30" is no date' },
    { title: 'an occasion that ends before it begins', value: { calendar: { occasions: [{ name: 'fair', from: '2027-02-02', to: '2027-02-01' }] } }, says: 'calendar: occasions.0: from and to' },
    { title: 'a calendar that is a text', value: { calendar: 'x' }, says: 'calendar: ' },
    { title: 'a text', value: 'x', says: 'the file: must have members' },
    { title: 'more than a megabyte', value: { sites: { ['s'.repeat(1_100_000)]: {} } }, says: 'more than 1048576 bytes' },
  ] // biome-ignore format: a table
  for (const { title, value, says } of refused) {
    test(`refuses ${title}, and leaves in force what was`, async () => {
      const book = createRuleBook(createMemoryState())
      await book.set(heldS(120), 'operator', 1)
      const failure = expect(book.set(value, 'operator', 2)).rejects
      await failure.toMatchObject({ code: 'RULES_INVALID', message: expect.stringContaining(says) })
      expect(() => book.compare(value)).toThrow(says)
      expect(book.current()).toMatchObject({ number: 1, document: heldS(120) })
    })
  }

  test('refuses what was made from a version that is not in force any more', async () => {
    const book = createRuleBook(createMemoryState())
    await book.set(heldS(120), 'operator', 1, 0)
    await expect(book.set(heldS(130), 'operator', 2, 0)).rejects.toMatchObject({ code: 'RULES_CONFLICT' })
    expect(() => book.compare(heldS(130), 0)).toThrow(expect.objectContaining({ code: 'RULES_CONFLICT' }))
    await book.set(heldS(130), 'operator', 3, 1)
    expect(book.current().number).toBe(2)
  })

  test('lets one of two win that are made from the same version at once', async () => {
    const book = createRuleBook(createMemoryState())
    const both = [120, 130].map(seconds => book.set(heldS(seconds), 'operator', 1, 0))
    const settled = await Promise.allSettled(both)
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  })

  test('keeps the last 50 versions', async () => {
    const book = createRuleBook(createMemoryState())
    for (let n = 1; n <= 53; n++) await book.set(heldS(100 + n), 'operator', n)
    const numbers = book.history().map(({ number }) => number)
    expect([numbers.length, numbers[0], numbers.at(-1)]).toEqual([50, 53, 4])
  })

  test('leaves out what an older version of the service has stored and nobody understands now, and says so', async () => {
    const state: State = createMemoryState()
    const document = {
      rules: { 'door-held': { heldS: 120, lapseS: 1 }, gone: { a: 1 } },
      calendar: { holidays: { new: ['x'] } },
    }
    await state.transact(() =>
      state.table('rules').put('0000000001', { number: 1, at: 1, by: 'a', document }),
    )
    const { settings, problems, calendar } = createRuleBook(state).current()
    expect(settings.of(doorHeld, {})).toMatchObject({ heldS: 120, lapseS: 43_200 })
    expect(calendar.holidays.size).toBe(0)
    expect(problems).toEqual([
      expect.stringContaining('rules.door-held.lapseS: must be'),
      expect.stringContaining('rules.gone: there is no such rule'),
      expect.stringContaining('calendar: holidays.new'),
    ])
  })
})
