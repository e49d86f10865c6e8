import type { DeviceId, Place } from '../../core/words.ts'
import { isSamePlace } from '../../devices/registry/device.ts'
import type { Entry } from '../journal/journal.ts'
import type { Draft, IsAnnounced } from './draft.ts'
import { draftOf, type RecordDraftKind } from './messages.ts'

interface Lot {
  readonly device: DeviceId
  readonly place: Place
  readonly kind: RecordDraftKind
  readonly entries: Entry[]
  next: number
}

/** Most lots that are looked at for one that can go: more would only ask for more places at once. */
const lookedAt = 64

const kindOf = ({ record: { kind } }: Entry): RecordDraftKind =>
  kind === 'status' || kind === 'sighting' ? kind : 'event'

/**
 * Records on their way into messages. Successive records of a device that can share a message are kept together. The
 * records of each device are taken in order; there is no order between devices.
 */
export class Lots {
  readonly #urgent: boolean
  #lots: Lot[] = []
  readonly #last = new Map<DeviceId, Lot>()
  size = 0

  constructor(urgent: boolean) {
    this.#urgent = urgent
  }

  add(entry: Entry): void {
    const { device, record } = entry
    const kind = kindOf(entry)
    const last = this.#last.get(device)
    this.size++
    if (last?.kind === kind && kind !== 'status' && isSamePlace(last.place, record.place)) {
      last.entries.push(entry)
      return
    }
    const lot = { device, place: record.place, kind, entries: [entry], next: 0 }
    this.#lots.push(lot)
    this.#last.set(device, lot)
  }

  /** The next message of a device whose place the centre knows. */
  take(isAnnounced: IsAnnounced, maxBytes: number): Draft | undefined {
    const blocked = new Set<DeviceId>()
    for (const [index, lot] of this.#lots.slice(0, lookedAt).entries()) {
      const { device, place, kind, entries } = lot
      if (blocked.has(device)) continue
      if (!isAnnounced(device, place)) {
        blocked.add(device)
        continue
      }
      const draft = draftOf(kind, entries, lot.next, maxBytes, this.#urgent)
      lot.next += draft.numbers.length
      this.size -= draft.numbers.length
      if (lot.next === entries.length) this.#remove(lot, index)
      return draft
    }
    return undefined
  }

  #remove(lot: Lot, index: number): void {
    this.#lots.splice(index, 1)
    if (this.#last.get(lot.device) === lot) this.#last.delete(lot.device)
  }
}
