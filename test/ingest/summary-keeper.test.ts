import { expect, onTestFinished, test } from 'vitest'
import { dayMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { createSummaryKeeper } from '../../ingest/retention/summaries.ts'
import { eventually } from '../support/eventually.ts'
import { someMoment } from '../support/records.ts'

async function setUp(days: number | undefined, update: () => Promise<number>) {
  const expired: number[] = []
  const faults: unknown[] = []
  const summaries = { update, expire: async (before: number) => void expired.push(before) }
  const keeper = createSummaryKeeper(
    { summaries, days, clock: () => someMoment, onFault: error => faults.push(error) },
    { everyMs: 5 },
  )
  onTestFinished(() => keeper.stop())
  await keeper.start!()
  return { keeper, expired, faults }
}

test('what is summed up is brought up to date day by day, and what is too old of it goes', async () => {
  let left = 2
  const { expired } = await setUp(90, async () => (left > 0 ? left-- : 0))
  await eventually(() => expired.length > 1)
  expect(left).toBe(0)
  expect(expired[0]).toBe(someMoment - 90 * dayMs)
})

test('what is summed up stays where nothing is said, and a store that is away is tried again', async () => {
  let calls = 0
  const { keeper, expired, faults } = await setUp(undefined, async () => {
    calls++
    throw new LintelError('STORE_UNAVAILABLE', 'away')
  })
  await eventually(() => calls > 2)
  await keeper.stop()
  expect(faults).toHaveLength(calls)
  expect(expired).toEqual([])
})
