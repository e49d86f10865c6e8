import { describe, expect, test } from 'vitest'
import type { Waiting } from '../../gateway/tagger/backlog.ts'
import { Hands } from '../../gateway/tagger/hands.ts'
import { somewhere } from '../support/records.ts'

const picture = (deaths: number): Waiting => ({
  seq: 1, device: 'd1', event: 'e', place: somewhere, receivedAt: 0, bytes: 1, deaths,
}) // biome-ignore format: a picture

describe('the hands of a worker', () => {
  test('take any number of pictures of which no worker has died', () => {
    const hands = new Hands()
    for (let n = 0; n < 6; n++) {
      expect(hands.mayTake(picture(0))).toBe(true)
      hands.take(n % 2 === 0 ? 'looks' : 'redactions', picture(0))
    }
  })

  for (const kind of ['looks', 'redactions'] as const) {
    test(`take one of which a worker has died only when they are empty of ${kind}`, () => {
      const hands = new Hands()
      hands.take(kind, picture(0))
      expect(hands.mayTake(picture(1))).toBe(false)
      hands.putDown(kind, picture(0))
      expect(hands.mayTake(picture(1))).toBe(true)
    })

    test(`take nothing beside it, among ${kind}`, () => {
      const hands = new Hands()
      hands.take(kind, picture(1))
      expect([hands.mayTake(picture(0)), hands.mayTake(picture(1))]).toEqual([false, false])
      hands.putDown(kind, picture(1))
      expect(hands.mayTake(picture(0))).toBe(true)
    })
  }
})
