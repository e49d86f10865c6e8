import type { ChannelView } from '../../alerts/notify/notifier.ts'
import { LintelError } from '../../core/errors.ts'
import type { OperationParts } from './operation-parts.ts'

export interface ChannelOperations {
  /** The channels by which people are told of alerts, and their state. Throws API_UNAVAILABLE if this process tells nobody. */
  listChannels(): Promise<ChannelView[]>
  /** Sends a test message. Throws CHANNEL_NOT_FOUND, NOTIFY_FAILED or API_UNAVAILABLE. */
  testChannel(name: string): Promise<void>
}

export function createChannelOperations({ notifier }: Pick<OperationParts, 'notifier'>): ChannelOperations {
  function telling() {
    if (notifier !== undefined) return notifier
    throw new LintelError(
      'API_UNAVAILABLE',
      'nobody is told from here: ask a service that is up, and no gateway alone',
    )
  }
  return {
    listChannels: async () => telling().channels(),
    async testChannel(name) {
      const outcome = await telling().test(name)
      if (!outcome.delivered) throw new LintelError('NOTIFY_FAILED', outcome.fault)
    },
  }
}
