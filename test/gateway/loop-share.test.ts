import { array, assert, double, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LoopShare } from '../../gateway/broker/loop-share.ts'

/** How many packets are parsed before it says no. */
function parsed(share: LoopShare, isPublish: boolean, turn: number, now: number): number {
  let count = 0
  while (count < 100_000 && share.mayParse(isPublish, turn, now)) count++
  return count
}

describe("a connection's share of the loop", () => {
  for (const isPublish of [true, false])
    test(`is 64 packets a turn, ${isPublish ? 'of PUBLISH' : 'of any other kind'}`, () => {
      const share = new LoopShare(0)
      for (const turn of [1, 2, 3]) {
        expect(parsed(share, isPublish, turn, 0)).toBe(64)
        expect([share.wait, share.waitMs]).toEqual(['turn', 0])
      }
    })

  test('ends with four milliseconds of its turn', () => {
    const share = new LoopShare(0)
    expect([0, 3.9, 4.1].map(now => share.mayParse(true, 1, now))).toEqual([true, true, false])
    expect(share.mayParse(true, 2, 4.1)).toBe(true)
  })

  test('is 200 control packets at once and then 200 a second; a PUBLISH is never counted among them', () => {
    const share = new LoopShare(0)
    let count = 0
    for (let turn = 1; turn < 100; turn++) {
      count += parsed(share, false, turn, 0)
      parsed(share, true, turn, 0)
    }
    expect(count).toBe(200)
    expect(share.mayParse(false, 100, 0)).toBe(false)
    expect([share.wait, share.waitMs]).toEqual(['control', 5])
    count = 0
    for (let turn = 101; turn < 200; turn++) count += parsed(share, false, turn, 1000)
    expect(count).toBe(200)
  })

  for (const { who, factor } of [{ who: 'a device', factor: 1 }, { who: 'a gateway', factor: 8 }]) {
    const shareOf = () => {
      const share = new LoopShare(0)
      if (factor > 1) share.isGateway()
      // What it may have at once is there a while after it has said who it is.
      share.mayParse(true, 0, 10_000)
      return share
    }

    test(`of ${who} is ${5000 * factor} messages at once and then as many a second`, () => {
      const share = shareOf()
      let turn = 1
      const count = (now: number) => {
        let all = 0
        for (let some = 1; some > 0 && share.wait !== 'messages'; turn++) {
          some = parsed(share, true, turn, now)
          all += some
        }
        share.wait = 'turn'
        return all
      }
      expect(count(10_000)).toBe(5000 * factor - 1)
      expect(count(10_500)).toBe(2500 * factor)
    })

    test(`of ${who} is ${8 * factor} MiB at once and then ${4 * factor} MiB a second`, () => {
      const share = shareOf()
      let bytes = 0
      let turn = 0
      const fill = (now: number) => {
        for (turn++; share.mayParse(true, turn, now); turn++) {
          share.chargeBytes(1 << 20)
          bytes += 1
        }
      }
      fill(10_000)
      // One message beyond.
      expect(bytes).toBe(8 * factor + 1)
      expect([share.wait, share.waitMs]).toEqual(['bytes', 250 / factor])
      fill(11_000)
      expect(bytes).toBe(12 * factor + 1)
    })
  } // biome-ignore format: two rows

  test('counts no packet that answers one of ours, or one that ends a message of QoS 2', () => {
    const share = new LoopShare(0)
    for (let turn = 1; turn < 1000; turn++) {
      share.expectAnswer()
      expect(share.mayParse(false, turn, 0)).toBe(true)
    }
  })

  test('charges a stall by its square: usual messages go on, those that take ten times as long hardly ever', () => {
    const rate = (ms: number) => {
      const share = new LoopShare(0)
      let messages = 0
      for (let now = 0, turn = 0; now < 60_000; now += ms, turn++) {
        if (!share.mayParse(true, turn, now)) continue
        share.charge(ms)
        messages++
      }
      return messages / 60
    }
    expect(rate(2)).toBeGreaterThan(60)
    expect(rate(25) * 25).toBeLessThan(15)
  })

  test('waits no more than a few seconds, however long one message took', () => {
    const share = new LoopShare(0)
    share.charge(60_000)
    expect(share.mayParse(true, 1, 0)).toBe(false)
    expect([share.wait, share.waitMs]).toEqual(['work', 2500])
    expect(share.mayParse(true, 2, 2500)).toBe(true)
  })

  test('whatever messages take, what they hold up of the others is bounded', () => {
    assert(
      property(array(double({ min: 0, max: 60, noNaN: true }), { minLength: 1, maxLength: 300 }), costs => {
        const share = new LoopShare(0)
        let now = 0
        let held = 0
        costs.forEach((ms, turn) => {
          if (!share.mayParse(true, turn, now)) now += share.waitMs
          share.charge(ms)
          now += ms
          held += Math.min(500, (ms * ms) / 2.5)
        })
        // A burst, one message beyond it, and what has come back since.
        expect(held).toBeLessThanOrEqual(250 + 500 + now / 10 + 1e-6)
      }),
    )
  })
})
