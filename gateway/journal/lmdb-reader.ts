import type { DeviceId, Seq } from '../../core/words.ts'
import { decodeRecord, isReported } from '../../devices/contract/record.ts'
import { blockCount, blockHeadBytes, blockIsWhole, FrameReader } from './frame.ts'
import type { Audit, Entry, JournalReader, Lane, Parked, ParkedEntry } from './journal.ts'
import { type JournalDatabases, type Meta, openDatabases, type Totals, tallyKey } from './lmdb-layout.ts'
import { countsFromBytes, type Tally, tallyOf } from './tally.ts'

/** Reads a journal that this or another process writes. The journal must have been opened once before. */
export function openLmdbJournalReader(directory: string): JournalReader {
  const db = openDatabases(directory, true)
  const names = new Map<number, DeviceId>()

  /** lmdb goes on with the read transaction of this turn, which may be older than a commit just awaited. */
  const fresh = () => db.root.resetReadTxn()

  function nameOf(number: number): DeviceId {
    let name = names.get(number)
    if (name === undefined) {
      for (const { key, value } of db.device.getRange({ snapshot: false })) names.set(value, key)
      name = names.get(number) ?? ''
    }
    return name
  }

  /** Walks the append frames after `seq`; `visit` returns false to stop. Returns how many could not be read. */
  function walk(seq: Seq, visit: (frame: FrameReader, seq: Seq) => boolean): { next: Seq; damaged: number } {
    const after = seq + 1
    const [containing] = [...db.block.getKeys({ start: after, reverse: true, limit: 1 })]
    let next = seq
    let damaged = 0
    // A bounded batch is decoded here and now, so that no iterator pins old pages while a sink is slow.
    for (const { key, value } of db.block.getRange({ start: containing ?? after, snapshot: false })) {
      if (!blockIsWhole(value)) {
        const following = [...db.block.getKeys({ start: key + 1, limit: 1 })][0] ?? endOf(db) + 1
        damaged += following - Math.max(key, after)
        next = following - 1
        continue
      }
      if (key + blockCount(value) <= after) continue
      const frame = new FrameReader(value, blockHeadBytes, value.length)
      for (let at = key; frame.advance(); at++) {
        if (at < after) continue
        if (!visit(frame, at)) return { next, damaged }
        next = at
      }
    }
    return { next, damaged }
  }

  const toEntry = (row: { key: number; value: unknown }): ParkedEntry => {
    const { device, ...parked } = row.value as Parked & { device: number }
    return { ...parked, key: row.key, device: nameOf(device) }
  }

  return {
    id: (db.meta.get('journal') as Meta).id,
    read(seq, limit) {
      fresh()
      const entries: Entry[] = []
      const { next, damaged } = walk(seq, (frame, at) => {
        if (entries.length >= limit) return false
        const record = decodeRecord(frame.bytes, frame.keyEnd, frame.end)
        entries.push({ seq: at, device: nameOf(frame.device), id: frame.id, record })
        return true
      })
      return { entries, next, damaged }
    },
    end() {
      fresh()
      return endOf(db)
    },
    audit(seq): Audit {
      // Without a pause, so one read transaction: counts and records of the same commit.
      fresh()
      const queued = new Map<DeviceId, number>()
      const tallies = new Map<DeviceId, Record<Lane, Tally>>()
      for (const { key: device, value: number } of db.device.getRange()) {
        const counts = (lane: Lane) => {
          const bytes = db.tally.getBinary(tallyKey(number, lane))
          return tallyOf(bytes && countsFromBytes(bytes))
        }
        tallies.set(device, { event: counts('event'), snapshot: counts('snapshot') })
      }
      const end = endOf(db)
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

function endOf(db: JournalDatabases): Seq {
  return (db.meta.get('totals') as Totals | undefined)?.end ?? 0
}
