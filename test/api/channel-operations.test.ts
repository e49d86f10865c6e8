import { expect, test } from 'vitest'
import { createChannelOperations } from '../../api/operations/channel-operations.ts'
import { LintelError } from '../../core/errors.ts'

const over = (
  test: (
    name: string,
  ) => ReturnType<NonNullable<Parameters<typeof createChannelOperations>[0]['notifier']>['test']>,
) => createChannelOperations({ notifier: { channels: () => [], test } })

test('a test of a channel ends well once it is delivered', async () => {
  await expect(over(async () => ({ delivered: true })).testChannel('a')).resolves.toBeUndefined()
})

const faults = [
  {
    title: 'a channel that does not take it',
    test: async () => ({ delivered: false, fault: 'it answered 500' }) as const,
    says: { code: 'NOTIFY_FAILED', message: 'it answered 500' },
  },
  {
    title: 'a channel that there is not',
    async test() {
      throw new LintelError('CHANNEL_NOT_FOUND', 'there is no channel a')
    },
    says: { code: 'CHANNEL_NOT_FOUND' },
  },
]
for (const { title, test: attempt, says } of faults)
  test(`a test of ${title} says so`, async () => {
    await expect(over(attempt).testChannel('a')).rejects.toMatchObject(says)
  })

test('where nobody is told, there are no channels to ask for', async () => {
  const alone = createChannelOperations({ notifier: undefined })
  await expect(alone.listChannels()).rejects.toMatchObject({ code: 'API_UNAVAILABLE' })
  await expect(alone.testChannel('a')).rejects.toMatchObject({ code: 'API_UNAVAILABLE' })
})
