import { expect, test } from 'vitest'
import { createMetricsPage } from '../../api/metrics-page.ts'
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

test('a part that fails tells nothing', async () => {
  let fails = false
  const read = async () => (fails ? Promise.reject(new Error('down')) : 'lintel_x 1')
  const page = createMetricsPage([{ name: 'gateway', read }], () => 0)
  expect(await page()).toContain('lintel_x 1')
  fails = true
  expect(await page()).not.toContain('lintel_x 1')
})
