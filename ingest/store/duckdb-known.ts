import type { DuckDBConnection } from '@duckdb/node-api'
import type { Epoch } from '../../core/history.ts'
import type { Place, Seq } from '../../core/words.ts'

/** Contents of the small tables, so that a batch adds only what is new. */
export interface Known {
  readonly journals: Map<string, KnownJournal>
  readonly places: Map<string, number>
  readonly words: Map<string, number>
  /** When the last row from another journal was received, if that was asked, and for how many journals. */
  former?: { readonly journals: number; readonly receivedUntil: number }
}

export interface KnownJournal {
  readonly number: number
  readonly seq: Seq
  /** The last applied position of each epoch. */
  readonly epochs: ReadonlyMap<Epoch, Seq>
}

export async function readKnown(writer: DuckDBConnection): Promise<Known> {
  const read = async (sql: string) => (await writer.runAndReadAll(sql)).getRows()
  const journals = (await read('SELECT journal, number, seq::DOUBLE FROM applied')) as [
    string,
    number,
    number,
  ][]
  const epochs = (await read('SELECT journal, epoch, seq::DOUBLE FROM epoch')) as [number, Epoch, number][]
  const places = (await read('SELECT device, site, building, point, zone, id FROM place')) as [
    ...PlaceNames,
    number,
  ][]
  const words = (await read('SELECT word, id FROM word')) as [string, number][]
  return {
    journals: new Map(
      journals.map(([journal, number, seq]) => {
        const own = epochs.filter(([of]) => of === number)
        return [journal, { number, seq, epochs: new Map(own.map(([, epoch, last]) => [epoch, last])) }]
      }),
    ),
    places: new Map(
      places.map(([device, site, building, point, zone, id]) => [
        keyOf([device, site, building, point, zone]),
        id,
      ]),
    ),
    words: new Map(words),
  }
}

type PlaceNames = [device: string, site: string, building: string, point: string, zone: string]
const namesOf = ({ device, site, building, point, zone }: Place): PlaceNames => [
  device,
  site,
  building,
  point,
  zone,
]
const keyOf = (names: PlaceNames) => JSON.stringify(names)

/**
 * Numbers a batch uses for its places and words. The store numbers places itself: a registry that was lost starts its
 * numbers again, which would put new rows under old names.
 */
export class Numbering {
  readonly newPlaces = new Map<string, { id: number; names: PlaceNames }>()
  readonly newWords = new Map<string, number>()
  readonly #known: Known
  readonly #places = new Map<Place, number>()
  #lastPlace: number

  constructor(known: Known) {
    this.#known = known
    this.#lastPlace = Math.max(0, ...known.places.values())
  }

  place(place: Place): number {
    let id = this.#places.get(place)
    if (id === undefined) {
      const names = namesOf(place)
      const key = keyOf(names)
      id = this.#known.places.get(key) ?? this.newPlaces.get(key)?.id
      if (id === undefined) {
        id = ++this.#lastPlace
        this.newPlaces.set(key, { id, names })
      }
      this.#places.set(place, id)
    }
    return id
  }

  word(word: string): number {
    let id = this.#known.words.get(word) ?? this.newWords.get(word)
    if (id === undefined) {
      id = this.#known.words.size + this.newWords.size + 1
      this.newWords.set(word, id)
    }
    return id
  }

  /** Call once the batch is committed. */
  keep(): void {
    for (const [key, { id }] of this.newPlaces) this.#known.places.set(key, id)
    for (const [word, id] of this.newWords) this.#known.words.set(word, id)
  }
}
