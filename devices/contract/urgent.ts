import type { EventRecord } from './record.ts'

/** True for what somebody on duty should see at once: it goes first, both to the models and to the centre. */
export function isUrgent({ kind, data }: EventRecord): boolean {
  switch (kind) {
    case 'passage':
      return data.result === 'denied'
    case 'door':
      return data.state === 'forced' || data.state === 'held'
    case 'tamper':
      return data.active
    default:
      return false
  }
}
