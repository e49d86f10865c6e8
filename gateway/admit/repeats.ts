import { Latest } from '../../core/latest.ts'
import type { DeviceId, EventId } from '../../core/words.ts'
import type { Item } from '../journal/journal.ts'

interface Counted {
  readonly id: EventId
  readonly at: number
}

/** Devices that are remembered, and different events of each: enough for both directions of a door in several ways. */
const knownDevices = 20_000
const knownSayings = 32

/**
 * For firmware that reports each passage twice, under two ids. If a device has a pause, an equal passage or vehicle
 * within the pause is the first one again: it goes to the journal under the id of the first, and counts as a duplicate.
 */
export class Repeats {
  readonly #ofDevice = new Latest<DeviceId, Map<string, Counted>>(knownDevices)

  join(device: DeviceId, items: readonly Item[], pauseMs: number): Item[] {
    const counted = this.#ofDevice.take(device, () => new Map<string, Counted>())
    return items.map(item => {
      if ('parked' in item) return item
      const { kind, data, at } = item.record
      if (kind !== 'passage' && kind !== 'vehicle') return item
      const saying = JSON.stringify([kind, data])
      const first = counted.get(saying)
      if (first !== undefined && Math.abs(at - first.at) <= pauseMs)
        return { id: first.id, record: item.record }
      counted.delete(saying)
      counted.set(saying, { id: item.id, at })
      if (counted.size > knownSayings) counted.delete(counted.keys().next().value!)
      return item
    })
  }
}
