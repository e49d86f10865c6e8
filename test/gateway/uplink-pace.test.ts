import { array, assert, boolean, integer, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { minuteMs, secondMs } from '../../core/clock.ts'
import { Hold } from '../../gateway/uplink/hold.ts'
import { TokenBucket } from '../../gateway/uplink/token-bucket.ts'
import { Window, windowDefaults, windowUnder } from '../../gateway/uplink/window.ts'

describe('a cap on bytes', () => {
  test('of nothing lets everything go at once', () => {
    const bucket = new TokenBucket(undefined, 0)
    bucket.spend(1e12, 0)
    expect(bucket.waitMs(0)).toBe(0)
  })

  test('lets a message go while anything is left, and the next when its debt is paid', () => {
    const bucket = new TokenBucket(1000, 0)
    expect(bucket.waitMs(0)).toBe(0)
    bucket.spend(3000, 0)
    expect(bucket.waitMs(0)).toBe(2001)
    expect(bucket.waitMs(1999)).toBe(2)
    expect(bucket.waitMs(2001)).toBe(0)
  })

  test('does not save up more than a second, and bears a clock that is set back', () => {
    const bucket = new TokenBucket(1000, 0)
    bucket.spend(1500, 100_000)
    expect(bucket.waitMs(100_000)).toBe(501)
    expect(bucket.waitMs(50_000)).toBe(501)
    expect(bucket.waitMs(50_501)).toBe(0)
  })

  test('holds in the mean, however messages come, where none that waits is sent', () => {
    const step = record({ afterMs: integer({ min: 0, max: 3000 }), bytes: integer({ min: 1, max: 5000 }) })
    assert(
      property(
        array(step, { minLength: 1, maxLength: 60 }),
        integer({ min: 1024, max: 9000 }),
        (steps, perS) => {
          const bucket = new TokenBucket(perS, 0)
          let now = 0
          let sent = 0
          let last = 0
          for (const { afterMs, bytes } of steps) {
            now += afterMs
            if (bucket.waitMs(now) > 0) continue
            bucket.spend(bytes, now)
            sent += bytes
            last = bytes
            // One second saved up, and the last message may be longer than what was left.
            expect(sent - last).toBeLessThanOrEqual(perS + (now / secondMs) * perS)
          }
        },
      ),
    )
  })
})

describe('the bytes on their way', () => {
  test('grow while acks are quick, to their bound', () => {
    const window = new Window()
    for (let n = 0; n < 100; n++) window.acked(128 * 1024, n, n + 20)
    expect(window.bytes).toBe(windowDefaults.maxBytes)
    expect(window.messageBytes).toBe(128 * 1024)
  })

  test('shrink once for all that was on its way when acks are slow, and never below their bound', () => {
    const window = new Window()
    const before = window.bytes
    for (let n = 0; n < 10; n++) window.acked(1000, n, 5000 + n)
    expect(window.bytes).toBe(before / 2)
    for (let n = 1; n < 20; n++) window.acked(1000, n * 10_000, n * 10_000 + 9000)
    expect(window.bytes).toBe(windowDefaults.minBytes)
    expect(window.messageBytes).toBe(4096)
  })

  test('are those of two seconds under a cap', () => {
    expect(windowUnder(100_000).bytes).toBe(200_000)
    expect(windowUnder(1024).bytes).toBe(windowDefaults.minBytes)
    expect(windowUnder(undefined).bytes).toBe(new Window().bytes)
  })

  test('stay within their bounds whatever comes', () => {
    const step = record({
      bytes: integer({ min: 1, max: 1e7 }),
      tookMs: integer({ min: 0, max: 60_000 }),
      anew: boolean(),
    })
    assert(
      property(array(step), steps => {
        const window = new Window()
        let now = 0
        for (const { bytes, tookMs, anew } of steps) {
          now += tookMs
          if (anew) window.narrow()
          window.acked(bytes, now - tookMs, now)
          expect(window.bytes).toBeGreaterThanOrEqual(windowDefaults.minBytes)
          expect(window.bytes).toBeLessThanOrEqual(windowDefaults.maxBytes)
        }
      }),
    )
  })
})

describe('a refusal of the centre', () => {
  const backoff = { firstMs: 1000, maxMs: 60_000 }

  test('is waited out, each time longer, up to a bound', () => {
    const hold = new Hold(backoff)
    expect(hold.isOn).toBe(false)
    const waits = Array.from({ length: 8 }, () => {
      hold.refused('d1', 0, 1)
      return hold.waitMs(0)
    })
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    expect(hold.waitMs(70_000)).toBe(0)
    expect(hold.isOn).toBe(true)
  })

  test('is over when the device is heard, and not when another is', () => {
    const hold = new Hold(backoff)
    hold.refused('d1', 0, 1)
    hold.heard('d2', 10)
    expect(hold.isOn).toBe(true)
    hold.heard('d1', 10)
    expect(hold).toMatchObject({ isOn: false })
    expect(hold.waitMs(10)).toBe(0)
  })

  test('of nobody in particular is over when all has gone well for a minute', () => {
    const hold = new Hold(backoff)
    hold.refused(undefined, 0, 1)
    hold.heard('d1', 2000)
    expect(hold.isOn).toBe(true)
    hold.heard('d1', 2000 + minuteMs)
    expect(hold.isOn).toBe(false)
  })
})
