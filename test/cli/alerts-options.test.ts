import { expect, test } from 'vitest'
import { lintel } from '../support/command.ts'

test('an alert that is resolved without saying as what is not, and what it may be is told', async () => {
  const { code, stderr } = await lintel('alerts', 'resolve', '7k3q')
  expect(code).toBe(1)
  expect(stderr).toContain('--as is missing: it is one of real, false-alarm, test, maintenance')
})
