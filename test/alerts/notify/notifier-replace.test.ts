import { expect, test } from 'vitest'
import { findingOf, pass, recorder, settingsOf, simulateTime, start, startDesk } from './support.ts'

const minute = 60_000

test('channels that are replaced go on where the ones before them stopped, and tell nothing twice', async () => {
  simulateTime()
  const before = recorder(async () => ({ delivered: false, fault: 'down', mayRetry: true }) as never)
  const after = recorder()
  const { find, notifier } = await startDesk([settingsOf('hook', before.channel)])
  await find(findingOf('a', 'raised', start))
  await pass(0)
  expect(before.told().length).toBeGreaterThan(0)
  await notifier.replace([settingsOf('hook', after.channel)])
  await find(findingOf('b', 'raised', Date.now()))
  await pass(10 * minute)
  expect(after.told().flat().sort()).toEqual(['a raised', 'b raised'])
  expect(notifier.channels()).toMatchObject([{ name: 'hook', waiting: 0 }])
})

test('a channel that is new hears what comes, and one that is gone nothing more', async () => {
  simulateTime()
  const [old, fresh] = [recorder(), recorder()]
  const { find, notifier } = await startDesk([settingsOf('old', old.channel)])
  await notifier.replace([settingsOf('fresh', fresh.channel)])
  await find(findingOf('a', 'raised', start))
  await pass(minute)
  expect([old.told(), fresh.told()]).toEqual([[], [['a raised']]])
  expect(notifier.channels().map(({ name }) => name)).toEqual(['fresh'])
})

test('what is found while the old channels end is told by the new ones', async () => {
  simulateTime()
  const gate = Promise.withResolvers<void>()
  const slow = recorder(async () => {
    await gate.promise
    return { delivered: true }
  })
  const after = recorder()
  const { find, notifier } = await startDesk([settingsOf('hook', slow.channel)])
  await find(findingOf('a', 'raised', start))
  await pass(0)
  const replaced = notifier.replace([settingsOf('hook', after.channel)])
  await find(findingOf('b', 'raised', Date.now()))
  gate.resolve()
  await pass(0)
  await replaced
  await pass(minute)
  expect([slow.told(), after.told()]).toEqual([[['a raised']], [['b raised']]])
})
