import type { Place, Seq } from '../../core/words.ts'
import {
  type ColumnField,
  columnFieldsOf,
  type StoredKind,
  storedKinds,
} from '../../devices/contract/kinds.ts'
import { stringField, tagText } from './influx-names.ts'
import { dimensions, type Row } from './store.ts'

/**
 * One measurement per kind. Tags are what can be grouped by: names of places, enumerations and the lane, none of which
 * grow without bound. The journal is a tag too, to tell its positions from another's. Everything else is a field, each
 * of one type forever: numbers are floats.
 */
const placeTags = ['building', 'device', 'point', 'site', 'zone'] as const
type PlaceTag = (typeof placeTags)[number]

interface Plan {
  /** Sorted by name, which saves the server sorting them. */
  readonly tags: readonly { name: string; of: 'journal' | 'place' | 'data' }[]
  /** Tags that are members of the record. */
  readonly words: readonly string[]
  readonly fields: readonly ColumnField[]
}

/** True for a dimension with few values; a text such as a sighting's reason is not one. */
export const isTag = (field: ColumnField) =>
  (dimensions as readonly string[]).includes(field.name) &&
  (field.type === 'enum' || field.type === 'integer')

const plans = new Map<StoredKind, Plan>(storedKinds.map(kind => [kind, planOf(kind)]))

function planOf(kind: StoredKind): Plan {
  const fields = columnFieldsOf(kind)
  const tags: Plan['tags'] = [
    { name: 'journal', of: 'journal' },
    ...placeTags.map(name => ({ name, of: 'place' as const })),
    ...fields.filter(isTag).map(({ name }) => ({ name, of: 'data' as const })),
  ]
  return {
    tags: tags.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    words: fields.filter(isTag).map(({ name }) => name),
    fields: fields.filter(field => !isTag(field)),
  }
}

/** Turns rows of one journal into lines; the part before the fields is built once for all rows that share it. */
export function createLines(journal: string): (row: Row) => string {
  const heads = new Map<Place, Map<string, string>>()

  function headOf(place: Place, kind: StoredKind, data: Record<string, unknown>): string {
    let known = heads.get(place)
    if (known === undefined) {
      known = new Map()
      heads.set(place, known)
    }
    const { tags, words } = plans.get(kind)!
    let key: string = kind
    for (const name of words) key += ` ${data[name]}`
    let head = known.get(key)
    if (head === undefined) {
      const texts = tags.map(({ name, of }) => {
        const value = of === 'place' ? place[name as PlaceTag] : of === 'journal' ? journal : data[name]
        return value === undefined ? '' : tagText(name, String(value))
      })
      head = `${kind}${texts.join('')} n=1i,seq=`
      known.set(key, head)
    }
    return head
  }

  return ({ seq, place, record }) => {
    const data = record.data as Record<string, unknown>
    let line = `${headOf(place, record.kind, data)}${seq}i,receivedMs=${record.receivedAt}i`
    if (record.late) line += ',late=true'
    if (record.skewed) line += ',skewed=true'
    for (const { name, type } of plans.get(record.kind)!.fields) {
      const value = data[name]
      if (value === undefined) continue
      line += `,${name}=${type === 'string' || type === 'enum' ? stringField(String(value)) : value}`
    }
    return `${line} ${nanoseconds(record.at, seq)}`
  }
}

const subMs = 1_000_000

/**
 * A point is identified by its measurement, tags and time: of two that agree in all three, the last one stays. So the
 * digits below the millisecond are taken from the record's position: two events of a door in one millisecond stay two
 * (they would have to be a million records apart to collide), and the same record overwrites itself.
 */
export function nanoseconds(at: number, seq: Seq): string {
  const below = seq % subMs
  if (at > 0) return `${at}${String(below).padStart(6, '0')}`
  return String(BigInt(at) * BigInt(subMs) + BigInt(below))
}

/** How far a journal has been applied: one point, which is overwritten. */
export const positionMeasurement = 'lintel_applied'
/** The year 2100: no retention policy ever removes it. */
export const positionMs = 4_102_444_800_000

export const positionLine = (journal: string, seq: Seq) =>
  `${positionMeasurement}${tagText('journal', journal)} seq=${seq}i ${positionMs}000000`
