import { LintelError } from '../../core/errors.ts'
import type { Opening } from '../../core/history.ts'
import type { DeviceId, Place, Seq } from '../../core/words.ts'
import {
  decodeRecord,
  isReported,
  isRow,
  placeNumberAt,
  receivedAtOf,
} from '../../devices/contract/record.ts'
import { blockCount, blockIsWhole, framesAt } from './block.ts'
import { FrameReader } from './frame.ts'
import type { Audit, Entry, JournalReader, Lane, Parked, ParkedEntry } from './journal.ts'
import {
  damagedRow,
  type JournalDatabases,
  journalFormat,
  type Meta,
  openDatabases,
  type Totals,
  tallyKey,
} from './lmdb-layout.ts'
import { lastOf, type Stretch, stretchOf, sumsFromRow, takeRow, toStretch } from './stretch.ts'
import { countsFromRow, type Tally, tallyOf } from './tally.ts'

/** Reads a journal that this or another process writes. The journal must have been opened once before. */
export function openLmdbJournalReader(directory: string): JournalReader {
  const db = openDatabases(directory, true)
  const meta = db.meta.get('journal') as Meta
  if (meta.format !== journalFormat)
    throw new LintelError(
      'DATA_UNAVAILABLE',
      `the journal has format ${meta.format}: it is read once the gateway has brought it to format ${journalFormat}`,
    )
  const names = new Map<number, DeviceId>()
  const places = new Map<number, Place>()
  let openings: Opening[] = []

  /** lmdb reuses the read transaction of this turn, which may be older than a commit just awaited. */
  const fresh = () => db.root.resetReadTxn()

  function nameOf(number: number): DeviceId {
    let name = names.get(number)
    if (name === undefined) {
      for (const { key, value } of db.device.getRange({ snapshot: false })) names.set(value, key)
      name = names.get(number) ?? ''
    }
    return name
  }

  function placeOf(number: number): Place | undefined {
    let place = places.get(number)
    if (place === undefined) {
      place = db.place.get(number)
      if (place !== undefined) places.set(number, place)
    }
    return place
  }

  /**
   * Walks the append frames after `seq`; `visit` returns false to stop. Counts the records that could not be read,
   * because a block is damaged or missing, and those that were freed before.
   */
  function walk(seq: Seq, visit: (frame: FrameReader, seq: Seq) => boolean) {
    const { end, records } = totalsOf(db)
    const freedUpTo = end - records
    const after = Math.max(seq, freedUpTo) + 1
    const freed = after - 1 - seq
    const [containing] = [...db.block.getKeys({ start: after, reverse: true, limit: 1 })]
    let next = after - 1
    let damaged = 0
    // A bounded batch is decoded at once, so that no iterator pins old pages while a sink is slow.
    for (const { key, value } of db.block.getRange({ start: containing ?? after, snapshot: false })) {
      if (!blockIsWhole(value, key)) continue
      const count = blockCount(value)
      if (key + count <= after) continue
      // The block that should have come between is missing or was damaged.
      if (key > next + 1) damaged += key - next - 1
      next = Math.max(next, key - 1)
      const frame = new FrameReader(value, framesAt(value), value.length)
      for (let at = key; frame.advance(); at++) {
        if (at < after) continue
        if (!visit(frame, at)) return { next, damaged, freed }
        next = at
      }
    }
    if (next < end) {
      damaged += end - next
      next = end
    }
    return { next, damaged, freed }
  }

  const toEntry = (row: { key: number; value: unknown }): ParkedEntry => {
    const { device, ...parked } = row.value as Parked & { device: number }
    return { ...parked, key: row.key, device: nameOf(device) }
  }

  /** The sums of a stretch that lies in part behind `to`, without the records behind it. */
  function cutBehind(to: Seq, sums: Float64Array): Float64Array {
    walk(to, (frame, at) => {
      if (stretchOf(at) !== stretchOf(to)) return false
      if (isRow(frame.bytes, frame.keyEnd)) takeRow(sums, at, receivedAtOf(frame.bytes, frame.keyEnd))
      return true
    })
    return sums
  }

  return {
    id: meta.id,
    openings() {
      fresh()
      const [last] = db.opening.getKeys({ reverse: true, limit: 1 })
      if (openings.at(-1)?.first !== last || openings.at(-1)?.epoch !== db.opening.get(last ?? 0))
        openings = [...db.opening.getRange({ snapshot: false })].map(({ key, value }) => ({
          first: key,
          epoch: value,
        }))
      return openings
    },
    read(seq, limit) {
      fresh()
      const entries: Entry[] = []
      let nameless = 0
      const { next, damaged, freed } = walk(seq, (frame, at) => {
        if (entries.length >= limit) return false
        const place = placeOf(placeNumberAt(frame.bytes, frame.keyEnd))
        if (place === undefined) {
          nameless++
          return true
        }
        const record = decodeRecord(frame.bytes, frame.keyEnd, frame.end, place)
        entries.push({ seq: at, device: nameOf(frame.device), id: frame.id, record })
        return true
      })
      return { entries, next, damaged: damaged + nameless, freed }
    },
    end() {
      fresh()
      return totalsOf(db).end
    },
    freedUpTo() {
      fresh()
      const { end, records } = totalsOf(db)
      return end - records
    },
    stretches(from, to): Stretch[] {
      fresh()
      const [first, last] = [Math.max(stretchOf(from + 1), meta.firstStretch ?? 0), stretchOf(to)]
      const found: Stretch[] = []
      if (to === 0) return found
      for (const { key, value } of db.stretch.getRange({ start: first, end: last + 1, snapshot: false })) {
        const sums = sumsFromRow(key, value)?.sums
        if (sums === undefined) throw damagedRow('stretch', key)
        found.push(toStretch(key, key === last && to < lastOf(key) ? cutBehind(to, sums) : sums))
      }
      return found
    },
    audit(seq): Audit {
      // Nothing is awaited here, so there is one read transaction: counts and records are of the same commit.
      fresh()
      const queued = new Map<DeviceId, number>()
      const tallies = new Map<DeviceId, Record<Lane, Tally>>()
      for (const { key: device, value: number } of db.device.getRange()) {
        const counts = (lane: Lane) => {
          const key = tallyKey(number, lane)
          const row = db.tally.getBinary(key)
          const known = row && countsFromRow(key, row)
          if (row !== undefined && known === undefined) throw damagedRow('tally', key)
          return tallyOf(known?.counts)
        }
        tallies.set(device, { event: counts('event'), snapshot: counts('snapshot') })
      }
      const { end } = totalsOf(db)
      walk(seq, (frame, at) => {
        if (at > end) return false
        if (isReported(frame.bytes, frame.keyEnd)) {
          const device = nameOf(frame.device)
          queued.set(device, (queued.get(device) ?? 0) + 1)
        }
        return true
      })
      return { end, tallies, queued }
    },
    parked(limit) {
      fresh()
      return [...db.parked.getRange({ limit, reverse: true })].map(toEntry)
    },
    findParked(key) {
      fresh()
      const value = db.parked.get(key)
      return value === undefined ? undefined : toEntry({ key, value })
    },
    close: () => db.root.close(),
  }
}

function totalsOf(db: JournalDatabases): Pick<Totals, 'end' | 'records'> {
  return (db.meta.get('totals') as Totals | undefined) ?? { end: 0, records: 0 }
}
