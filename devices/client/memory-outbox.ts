import { defaultOutboxLimits, type Message, type Outbox, type OutboxLimits } from './outbox.ts'
import { createRoom } from './outbox-room.ts'

/** An outbox in memory only: for simulations and tests, and as the simplest implementation of the port. */
export function createMemoryOutbox(limits: OutboxLimits = defaultOutboxLimits): Outbox {
  const room = createRoom(limits)
  const messages = new Map<number, Message>()
  const health = new Set<number>()
  let last = 0

  function take(position: number): Message | undefined {
    const message = messages.get(position)
    messages.delete(position)
    health.delete(position)
    return message
  }

  return {
    async add(message) {
      const bytes = message.payload.length
      room.make(message.kind, bytes, () => take(health.values().next().value!)!.payload.length)
      room.added(message.kind, bytes)
      messages.set(++last, { ...message, position: last })
      if (message.kind === 'health') health.add(last)
    },
    oldest({ after, records, bytes }) {
      const found: Message[] = []
      let total = 0
      for (const message of messages.values()) {
        if (message.position <= after) continue
        total += message.payload.length
        if (found.length === records || (found.length > 0 && total > bytes)) break
        found.push(message)
      }
      return found
    },
    async remove(positions) {
      for (const position of positions) {
        const message = take(position)
        if (message !== undefined) room.removed(message.kind, message.payload.length)
      }
    },
    size: room.size,
    bytes: room.bytes,
    counters: room.counters,
    async close() {},
  }
}
