import { describe, expect, test } from 'vitest'
import { attacks } from '../../bench/ingest/attacks.ts'
import { measureStarve } from '../../bench/ingest/starve.ts'

describe('one device that does its worst', () => {
  test('costs no other an ack or its connection, and the gateway no more memory than 400 MB', async () => {
    const names = Object.keys(attacks)
    const starved = await measureStarve(1, names)
    expect(starved.map(({ attack }) => attack)).toEqual(names)
    for (const { attack, unacked, rssMb, connectMs } of starved) {
      expect([attack, unacked]).toEqual([attack, 0])
      expect(rssMb, attack).toBeLessThan(400)
      expect(connectMs, attack).toBeGreaterThan(0)
    }
  }, 600_000)
})
