import { type Arbitrary, constantFrom, integer, record, tuple, uniqueArray } from 'fast-check'
import type { StoredKind } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { createRandom } from '../../devices/town/random.ts'

/** Something that happens at a door, in an hour of a day. */
export interface DoorEvent {
  readonly kind: StoredKind
  readonly hour: number
  readonly direction: 'in' | 'out'
  readonly denied: boolean
  /** People on a picture. */
  readonly worth?: number
}

export interface Door {
  readonly device: string
  readonly site: string
  readonly building: string
  readonly household: boolean
  readonly events: readonly DoorEvent[]
}

export interface TownCase {
  readonly doors: readonly Door[]
}

export function recordOf({ kind, direction, denied, worth = 0 }: DoorEvent, at: number): EventRecord {
  const head = { at, receivedAt: at + 40, late: false, skewed: false }
  const data = {
    passage: { direction, result: denied ? 'denied' : 'granted', method: 'card' },
    vehicle: { direction, class: 'car' },
    sighting: { outcome: 'seen', person: worth },
    door: { state: 'closed', openMs: 4000 },
  }[kind as 'passage']
  return { ...head, kind, data } as unknown as EventRecord
}

/** Households stay below the least number, just above it, or well above; and there are those where nobody comes. */
const householdSizes = [0, 1, 9, 10, 11, 25, 60]
const doorSizes = [0, 3, 9, 10, 14, 40, 90, 220]

/**
 * Sites of some buildings, whose household doors stand in houses of their own or beside an ordinary door. Where the
 * measure is of a checkpoint, nothing but terminals stands there: then nothing is told.
 */
export function someTown(kind: StoredKind): Arbitrary<TownCase> {
  const site = record({
    buildings: uniqueArray(tuple(integer({ min: 1, max: 4 }), constantFrom(...doorSizes)), {
      minLength: 0,
      maxLength: 4,
      selector: ([number]) => number,
    }),
    // In a house of its own, or in the building of that number.
    households: uniqueArray(tuple(integer({ min: 0, max: 9 }), constantFrom(0, 0, 1, 2), constantFrom(...householdSizes)), {
      minLength: 0,
      maxLength: 3,
      selector: ([number]) => number,
    }),
  }) // biome-ignore format: long lines
  return tuple(uniqueArray(tuple(constantFrom('a', 'b', 'c'), site), { minLength: 1, maxLength: 2, selector: ([name]) => name }), integer({ min: 1, max: 1e6 })).map(
    ([sites, seed]) => {
      const random = createRandom('doors', seed)
      const events = (count: number): DoorEvent[] =>
        Array.from({ length: count }, () => ({
          kind,
          hour: Math.floor(random.between(7, 11)),
          direction: random.between(0, 1) < 0.7 ? 'in' : 'out',
          denied: random.between(0, 1) < 0.4,
          worth: 1,
        }))
      return {
        doors: sites.flatMap(([name, { buildings, households }]) => [
          ...buildings.map(([number, size]) => ({ device: `${name}-${number}`, site: name, building: `${name}${number}`, household: false, events: events(size) })),
          ...households.map(([number, where, size]) => ({ device: `${name}-home-${number}`, site: name, building: where === 0 ? `${name}-villa${number}` : `${name}${where}`, household: true, events: events(size) })),
        ]),
      }
    },
  ) // biome-ignore format: long lines
}
