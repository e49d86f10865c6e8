import { array, assert, constantFrom, integer, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Progress } from '../../gateway/uplink/progress.ts'

describe('the progress of a stream', () => {
  test('stands before the oldest that is not done, whatever is done behind it', () => {
    const progress = new Progress(10)
    expect(progress.cursor).toBe(10)
    for (const n of [11, 12, 14]) expect(progress.meet(n)).toBe(true)
    progress.moveTo(15)
    expect(progress.cursor).toBe(10)
    progress.done(14)
    progress.done(12)
    expect(progress.cursor).toBe(10)
    progress.done(11)
    expect(progress.cursor).toBe(15)
  })

  test('does not send again in turn what went ahead, and waits for it where it is still on its way', () => {
    const progress = new Progress(0)
    progress.goAhead(2)
    progress.goAhead(3)
    progress.done(2)
    expect(progress.ahead).toBe(2)
    expect([1, 2, 3].map(n => progress.meet(n))).toEqual([true, false, false])
    progress.moveTo(3)
    progress.done(1)
    expect(progress).toMatchObject({ cursor: 2, ahead: 0, open: 1 })
    progress.done(3)
    expect(progress.cursor).toBe(3)
  })

  test('never passes what is not done, and arrives when all is, whatever the order', () => {
    const step = record({ what: constantFrom('ahead', 'meet', 'ack'), pick: integer({ min: 0, max: 1000 }) })
    assert(
      property(array(step, { maxLength: 80 }), steps => {
        const progress = new Progress(0)
        const end = 40
        const acked = new Set<number>()
        const sent = new Set<number>()
        let ahead = 0
        const send = (n: number) => {
          expect(sent.has(n)).toBe(false)
          sent.add(n)
        }
        const meet = (n: number) => {
          if (progress.meet(n)) send(n)
          progress.moveTo(n)
        }
        const ack = (n: number | undefined) => {
          if (n === undefined) return
          acked.add(n)
          progress.done(n)
        }
        for (const { what, pick } of steps) {
          const before = progress.cursor
          if (what === 'ahead' && Math.max(ahead, progress.position) < end) {
            ahead = Math.max(ahead, progress.position) + 1 + (pick % 3)
            if (ahead <= end) {
              progress.goAhead(ahead)
              send(ahead)
            }
          } else if (what === 'meet' && progress.position < Math.min(end, ahead)) meet(progress.position + 1)
          else if (what === 'ack') ack([...sent].filter(n => !acked.has(n))[pick % Math.max(1, sent.size)])
          for (let n = 1; n <= progress.cursor; n++) expect(acked.has(n)).toBe(true)
          expect(progress.cursor).toBeGreaterThanOrEqual(before)
        }
        while (progress.position < end) meet(progress.position + 1)
        for (const n of sent) if (!acked.has(n)) ack(n)
        expect(progress.cursor).toBe(end)
        expect(sent.size).toBe(end)
        expect(progress).toMatchObject({ open: 0, ahead: 0 })
      }),
      { numRuns: 500 },
    )
  })
})
