import { array, assert, constantFrom, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EventRecord } from '../../devices/contract/record.ts'
import { Backlog, type Waiting, type Worth, worthOf, worths } from '../../gateway/tagger/backlog.ts'
import { passage, somewhere } from '../support/records.ts'

const waiting = (seq: number, change: Partial<Waiting> = {}): Waiting => ({
  seq, device: 'd1', event: `e${seq}`, place: somewhere, receivedAt: seq * 10, bytes: 1, deaths: 0, ...change,
}) // biome-ignore format: a picture

function filled(limit: number, worthsInOrder: readonly Worth[]) {
  const backlog = new Backlog(limit)
  const thinned = worthsInOrder.flatMap((worth, index) => backlog.add(waiting(index + 1), worth))
  return { backlog, thinned: thinned.map(({ seq }) => seq) }
}

function drain(backlog: Backlog): number[] {
  const order: number[] = []
  for (let next = backlog.take(); next !== undefined; next = backlog.take()) order.push(next.seq)
  return order
}

describe('what a picture is worth', () => {
  const kind = (change: object) => ({ ...passage(), ...change }) as EventRecord
  const cases: { title: string; record: EventRecord; worth: Worth }[] = [
    { title: 'a granted passage', record: passage(), worth: 'uneventful' },
    { title: 'a denied passage', record: passage({ data: { result: 'denied' } }), worth: 'urgent' },
    { title: 'a forced door', record: kind({ kind: 'door', data: { state: 'forced' } }), worth: 'urgent' },
    { title: 'a held door', record: kind({ kind: 'door', data: { state: 'held' } }), worth: 'urgent' },
    { title: 'an open door', record: kind({ kind: 'door', data: { state: 'open' } }), worth: 'uneventful' },
    { title: 'tampering', record: kind({ kind: 'tamper', data: { part: 'case', active: true } }), worth: 'urgent' },
    { title: 'the end of tampering', record: kind({ kind: 'tamper', data: { part: 'case', active: false } }), worth: 'telling' },
    { title: 'a vehicle', record: kind({ kind: 'vehicle', data: { class: 'car', direction: 'in' } }), worth: 'telling' },
  ] // biome-ignore format: a table
  for (const { title, record, worth } of cases)
    test(`of ${title} is ${worth}`, () => expect(worthOf(record)).toBe(worth))
})

describe('the backlog', () => {
  test('gives urgent pictures first, and otherwise the oldest', () => {
    const { backlog } = filled(10, ['uneventful', 'telling', 'urgent', 'uneventful', 'urgent', 'telling'])
    expect(drain(backlog)).toEqual([3, 5, 1, 2, 4, 6])
  })

  test('thins uneventful ones first, then telling ones, urgent ones last, the oldest of each before the others', () => {
    expect(
      filled(3, ['urgent', 'uneventful', 'telling', 'uneventful', 'urgent', 'urgent', 'urgent']).thinned,
    ).toEqual([2, 4, 3, 1])
  })

  test('puts a picture in its place once its event has come', () => {
    const { backlog } = filled(10, ['uneventful', 'telling', 'telling'])
    backlog.appraise({ device: 'd1', event: 'e3' }, 'urgent')
    backlog.appraise({ device: 'd1', event: 'e9' }, 'urgent')
    expect(drain(backlog)).toEqual([3, 1, 2])
  })

  test('gives a picture that was given back before younger ones of its worth', () => {
    const { backlog } = filled(10, ['uneventful', 'uneventful', 'uneventful'])
    const first = backlog.take()!
    backlog.giveBack({ ...first, deaths: 1 }, 'uneventful')
    expect(backlog.take(({ deaths }) => deaths === 0)).toBeUndefined()
    expect(backlog.take()).toMatchObject({ seq: 1, deaths: 1 })
  })

  test('says how long the oldest has waited', () => {
    const { backlog } = filled(10, ['urgent', 'uneventful'])
    expect(backlog.oldestAt).toBe(10)
    drain(backlog)
    expect(backlog.oldestAt).toBeUndefined()
  })

  test('never holds more than its limit, and loses no picture without saying so', () => {
    const step = record({ worth: constantFrom(...worths), take: constantFrom(true, false, false) })
    assert(
      property(array(step, { maxLength: 60 }), steps => {
        const backlog = new Backlog(7)
        const told = new Set<number>()
        steps.forEach(({ worth, take }, index) => {
          for (const { seq } of backlog.add(waiting(index), worth)) told.add(seq)
          expect(backlog.size).toBeLessThanOrEqual(7)
          const taken = take ? backlog.take() : undefined
          if (taken !== undefined) told.add(taken.seq)
        })
        for (const seq of drain(backlog)) told.add(seq)
        expect([...told].sort((a, b) => a - b)).toEqual(steps.map((_, index) => index))
      }),
    )
  })
})
