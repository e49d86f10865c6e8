import type { Place } from '../../core/words.ts'
import type { DataOf } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { Item } from '../../gateway/journal/journal.ts'

export const someMoment = Date.UTC(2026, 10, 21, 8, 30)

export const somewhere: Place = {
  id: 1,
  device: 'd1',
  site: 'nanshe',
  building: 'b01',
  point: 'd01',
  zone: 'Asia/Shanghai',
}

export function passage(
  change: Partial<Omit<EventRecord<'passage'>, 'data'>> & { data?: Partial<DataOf<'passage'>> } = {},
): EventRecord<'passage'> {
  return {
    kind: 'passage',
    at: someMoment,
    receivedAt: someMoment + 40,
    late: false,
    skewed: false,
    place: somewhere,
    ...change,
    data: { direction: 'in', result: 'granted', method: 'card', holder: 'resident', ...change.data },
  }
}

export const item = (id: string, record: EventRecord = passage()): Item => ({ id, record })

export const parkedItem = (change: Partial<{ reason: string; payload: unknown }> = {}): Item => ({
  parked: { lane: 'event', receivedAt: someMoment, code: 'EVENT_INVALID', reason: 'x', bytes: 10, ...change },
})
