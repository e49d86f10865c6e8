import { describe, expect, test } from 'vitest'
import { minuteMs } from '../../core/clock.ts'
import { Knocks } from '../../gateway/broker/knocks.ts'
import { Takeovers } from '../../gateway/broker/takeovers.ts'

describe('the list of those who knock', () => {
  test('is bounded: a network that makes up names drives out its own, and that is counted', () => {
    const knocks = new Knocks()
    knocks.add('door-7', 'CONNECT_DEVICE_UNKNOWN', '10.0.0.7', 1)
    for (let n = 0; n < 1000; n++) knocks.add(`x${n}`, 'CONNECT_DEVICE_UNKNOWN', '10.0.0.9', 2 + n)
    const { knocks: listed, dropped } = knocks.list()
    expect([listed.length, dropped]).toEqual([200, 801])
    expect(listed.map(({ id }) => id)).toContain('door-7')
    expect(listed[0]).toMatchObject({ id: 'x999' })
  })

  test('has what can be no id of a device, and numbers of persons, by their shape alone', () => {
    const knocks = new Knocks()
    for (const id of ['张三', 'a b', '13812345678', 'd'.repeat(65)])
      knocks.add(id, 'CONNECT_ID_INVALID', undefined, 1)
    for (const { id } of knocks.list().knocks) expect(id).toMatch(/^<\d+ characters: /)
  })
})

describe('takeovers', () => {
  const told = (moments: readonly number[]) => {
    const takeovers = new Takeovers()
    return moments.filter(at => takeovers.note('d1', 'a', 'b', at) !== undefined)
  }

  test('are told from the fifth within a minute on, once in ten minutes', () => {
    expect(told([0, 1, 2, 3])).toEqual([])
    expect(told([0, 20_000, 40_000, 50_000, 60_000])).toEqual([60_000])
    expect(told([0, 20_000, 40_000, 50_000, 60_001])).toEqual([])
    const each = Array.from({ length: 240 }, (_, n) => n * 10_000)
    expect(told(each)).toEqual([
      40_000,
      40_000 + 10 * minuteMs,
      40_000 + 20 * minuteMs,
      40_000 + 30 * minuteMs,
    ])
  })

  test('name both addresses, and no other device', () => {
    const takeovers = new Takeovers()
    for (let n = 0; n < 4; n++) expect(takeovers.note('d1', 'a', 'b', n)).toBeUndefined()
    expect(takeovers.note('d2', 'a', 'b', 4)).toBeUndefined()
    expect(takeovers.note('d1', 'a', 'b', 5)).toMatchObject({ code: 'CONNECT_TAKEN_OVER', message: expect.stringContaining('from a and b') }) // biome-ignore format: one thing
  })
})
