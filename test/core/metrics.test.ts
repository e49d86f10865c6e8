import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Durations, durationBuckets } from '../../core/durations.ts'
import { createMetricSet } from '../../core/metrics.ts'

describe('metrics', () => {
  test('are read when somebody asks, each of its kind', async () => {
    const metrics = createMetricSet()
    let n = 5
    const took = new Durations()
    metrics.gauge('lintel_open', 'Open.', () => n)
    metrics.counter('lintel_done_total', 'Done.', () => n)
    metrics.counters('lintel_events_total', 'Events.', ['lane', 'outcome'], async () => [
      [['event', 'stored'], n],
    ])
    metrics.gauges('lintel_lag', 'Lag.', 'consumer', () => [['intake', n]])
    metrics.histogram('lintel_commit_seconds', 'Commits.', took)
    for (n of [3, 8]) {
      const text = await metrics.text()
      expect(text).toContain('# TYPE lintel_done_total counter\n')
      expect(text).toContain(`lintel_done_total ${n}\n`)
      expect(text).toContain(`lintel_open ${n}\n`)
      expect(text).toContain(`lintel_events_total{lane="event",outcome="stored"} ${n}\n`)
      expect(text).toContain(`lintel_lag{consumer="intake"} ${n}\n`)
    }
    took.observe(4)
    took.observe(700)
    took.observe(90_000)
    const text = await metrics.text()
    expect(text).toContain('# TYPE lintel_commit_seconds histogram\n')
    for (const [le, count] of [
      ['0.0025', 0],
      ['0.005', 1],
      ['0.5', 1],
      ['1', 2],
      ['60', 2],
      ['+Inf', 3],
    ])
      expect(text).toContain(`lintel_commit_seconds_bucket{le="${le}"} ${count}\n`)
    expect(text).toContain('lintel_commit_seconds_count 3\n')
    expect(text).toMatch(/lintel_commit_seconds_sum 90\.704/)
  })

  test('a label that is gone is told no more', async () => {
    const metrics = createMetricSet()
    let names = ['a', 'b']
    metrics.gauges('lintel_waiting', 'Waiting.', 'channel', () => names.map(name => [name, 1]))
    expect(await metrics.text()).toContain('channel="b"')
    names = ['a']
    expect(await metrics.text()).not.toContain('channel="b"')
  })

  test('durations are each counted once, in the first bucket that holds them', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -5, max: 100_000, noNaN: true })), times => {
        const took = new Durations()
        for (const ms of times) took.observe(ms)
        const { upTo, count } = took.cumulative()
        expect(count).toBe(times.length)
        for (const [at, bound] of durationBuckets.entries())
          expect(upTo[at]).toBe(times.filter(ms => ms / 1000 <= bound).length)
      }),
    )
  })
})
