import { expect, test } from 'vitest'
import { createMetricsPage } from '../../api/metrics-page.ts'
import { createMetricSet } from '../../core/metrics.ts'
import { eventually } from '../support/eventually.ts'

test('metrics come within a second, of a part that hangs what it said last, with its age, and it is asked once', async () => {
  let now = 0
  let asked = 0
  let hangs = false
  let answer = (_: string) => {}
  const store = async () => {
    asked++
    if (!hangs) return `lintel_store_rows ${asked}`
    return new Promise<string>(resolve => {
      answer = resolve
    })
  }
  const page = createMetricsPage(
    [
      { name: 'store', read: store },
      { name: 'gateway', read: async () => 'lintel_connected_devices 3' },
    ],
    () => now,
  )
  expect(await page()).toMatch(/lintel_store_rows 1\n.*part="store"} 0\n/s)
  hangs = true
  now = 40_000
  for (let i = 0; i < 3; i++) {
    const text = await page()
    expect(text).toMatch(/lintel_store_rows 1\n.*part="store"} 40\n.*part="gateway"} 0\n/s)
  }
  expect(asked).toBe(2)
  hangs = false
  answer('lintel_store_rows 2')
  await eventually(async () => expect(await page()).toMatch(/lintel_store_rows 3\n.*part="store"} 0\n/s))
})

test('what several parts tell of themselves is headed once, and no line is lost', async () => {
  const part = (name: string) => {
    const metrics = createMetricSet()
    metrics.gauges('process_open_fds', 'Open files.', 'process', () => [[name, 7]])
    metrics.counter(`lintel_${name}_total`, 'Of one part.', () => 1)
    return { name, read: metrics.text }
  }
  const page = await createMetricsPage([part('gateway'), part('tagger')], () => 0)()
  expect(page.match(/# (?:HELP|TYPE) process_open_fds/g)).toHaveLength(2)
  expect(page).toContain('process_open_fds{process="gateway"} 7\nprocess_open_fds{process="tagger"} 7\n')
  for (const name of ['gateway', 'tagger']) expect(page).toContain(`\nlintel_${name}_total 1\n`)
})

test('a part that fails tells nothing', async () => {
  let fails = false
  const read = async () => (fails ? Promise.reject(new Error('down')) : 'lintel_x 1')
  const page = createMetricsPage([{ name: 'gateway', read }], () => 0)
  expect(await page()).toContain('lintel_x 1')
  fails = true
  expect(await page()).not.toContain('lintel_x 1')
})
