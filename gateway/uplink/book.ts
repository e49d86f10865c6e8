import { createCursors } from '../../core/cursors.ts'
import type { History } from '../../core/history.ts'
import type { State } from '../../core/state/state.ts'
import type { DeviceId, Seq } from '../../core/words.ts'
import type { CentreMark } from './centre.ts'
import { uplinkConsumer } from './settings.ts'

/** The durable state of the uplink: its positions, and how many records of each device the centre has taken over. */
export interface Book {
  cursor(): Seq
  /** Position in the pictures at rest. */
  pictures(): number
  /** Moves the cursor and adds the counts of what it passed, atomically. Resolves once durable. */
  pass(cursor: Seq, counts: ReadonlyMap<DeviceId, number>): Promise<void>
  passPictures(position: number): Promise<void>
  /** True if the journal is an older copy of the one whose positions were passed. */
  isForked(): boolean
  /** Sets the positions back, and replaces the counts by those up to there. */
  setBack(to: { cursor: Seq; pictures: number }, counts: ReadonlyMap<DeviceId, number>): Promise<void>
  /** The last known state of the centre. */
  mark(): CentreMark | undefined
  keepMark(mark: CentreMark): Promise<void>
}

const pictureConsumer = 'uplink pictures'
/** Pictures are numbered by their own index, whatever the journal. */
const pictureIndex: History = { id: 'pictures', openings: () => [], end: () => Number.POSITIVE_INFINITY }
const countKey = (journal: string, device: DeviceId) => `${journal}/${device}`

export function createBook(state: State, journal: History): Book {
  const cursors = createCursors(state, journal)
  const pictures = createCursors(state, pictureIndex)
  const counted = state.table<number>('passed')
  const marks = state.table<CentreMark>('centre')
  return {
    cursor: () => cursors.get(uplinkConsumer),
    pictures: () => pictures.get(pictureConsumer),
    pass: (cursor, counts) =>
      cursors.commit(uplinkConsumer, cursor, () => {
        for (const [device, n] of counts) {
          const key = countKey(journal.id, device)
          counted.put(key, (counted.get(key) ?? 0) + n)
        }
      }),
    passPictures: position => pictures.commit(pictureConsumer, position),
    isForked: () => cursors.isCut(uplinkConsumer),
    setBack: (to, counts) =>
      state.transact(() => {
        const prefix = countKey(journal.id, '')
        for (const [key] of [...counted.entries({ after: prefix, until: `${prefix}~` })]) counted.remove(key)
        for (const [device, n] of counts) if (n > 0) counted.put(countKey(journal.id, device), n)
        cursors.setBack(uplinkConsumer, to.cursor)
        pictures.setBack(pictureConsumer, to.pictures)
      }),
    mark: () => marks.get(journal.id),
    keepMark: mark => state.transact(() => marks.put(journal.id, mark)),
  }
}

/** Most positions whose counts can still be asked for. */
const keptLooks = 16

/**
 * The book as the ledger reads it, from another process: a position, and the counts up to it. The uplink commits both
 * together; if a commit comes during a look, the look is repeated.
 */
export function createBookReader(state: State, journal: History) {
  const cursors = createCursors(state, journal)
  const counted = state.table<number>('passed')
  const looks = new Map<Seq, Map<DeviceId, number>>()

  function look(): Seq {
    for (;;) {
      const before = cursors.get(uplinkConsumer)
      const prefix = countKey(journal.id, '')
      const rows = [...counted.entries({ after: prefix })].filter(([key]) => key.startsWith(prefix))
      if (cursors.get(uplinkConsumer) !== before) continue
      looks.delete(before)
      looks.set(before, new Map(rows.map(([key, n]) => [key.slice(prefix.length), n])))
      if (looks.size > keptLooks) looks.delete(looks.keys().next().value!)
      return before
    }
  }

  return {
    applied: async (asked: string): Promise<Seq> => (asked === journal.id ? look() : 0),
    countByDevice: async (asked: string, seq: Seq): Promise<Map<DeviceId, number>> =>
      (asked === journal.id ? looks.get(seq) : undefined) ?? new Map<DeviceId, number>(),
  }
}
