import type { State } from '../../core/state/state.ts'
import { keyText, type Picture, type PictureKey, type PictureQuery } from './snapshots.ts'

/**
 * The index of the pictures at rest, in a state of its own: rows by position, positions by device and event, and
 * positions in the order of time. Any process may read it.
 */
export interface PictureIndex {
  find(key: PictureKey): Picture | undefined
  at(position: number): Picture | undefined
  after(position: number, limit: number): Picture[]
  list(query: PictureQuery): Picture[]
  /** The last position that was given out. */
  last(): number
  add(picture: Picture): Promise<void>
  remove(pictures: readonly Picture[]): Promise<void>
}

const pad = (value: number, digits: number) => String(value).padStart(digits, '0')
const positionKey = (position: number) => pad(position, 15)
/** 14 digits: epoch ms up to the year 5138. */
const momentKey = (ms: number) => pad(Math.max(0, Math.floor(ms)), 14)
const timeKey = ({ at, ...key }: PictureKey & { readonly at: number }) => `${momentKey(at)}/${keyText(key)}`

const page = 1000

export function createPictureIndex(state: State): PictureIndex {
  const rows = state.table<Picture>('picture')
  const positions = state.table<number>('position')
  const times = state.table<number>('time')
  const counters = state.table<number>('counter')

  const at = (position: number) => rows.get(positionKey(position))

  return {
    at,
    find(key) {
      const position = positions.get(keyText(key))
      return position === undefined ? undefined : at(position)
    },
    after: (position, limit) =>
      [...rows.entries({ after: positionKey(position), limit })].map(([, picture]) => picture),
    list({ device, from = 0, to, after, limit }) {
      const found: Picture[] = []
      let behind = after !== undefined ? timeKey(after) : to === undefined ? undefined : momentKey(to)
      for (;;) {
        const entries = [
          ...times.entries({
            reverse: true,
            limit: page,
            ...(behind === undefined ? {} : { after: behind }),
          }),
        ]
        for (const [key, position] of entries) {
          const [moment, owner] = key.split('/')
          if (found.length >= limit || Number(moment) < from) return found
          if (device !== undefined && owner !== device) continue
          const picture = at(position)
          if (picture !== undefined) found.push(picture)
        }
        if (entries.length < page) return found
        behind = entries.at(-1)![0]
      }
    },
    last: () => counters.get('last') ?? 0,
    async add(picture) {
      await state.transact(() => {
        rows.put(positionKey(picture.position), picture)
        positions.put(keyText(picture), picture.position)
        times.put(timeKey(picture), picture.position)
        counters.put('last', Math.max(picture.position, counters.get('last') ?? 0))
      })
    },
    async remove(pictures) {
      await state.transact(() => {
        for (const picture of pictures) {
          rows.remove(positionKey(picture.position))
          positions.remove(keyText(picture))
          times.remove(timeKey(picture))
        }
      })
    },
  }
}
