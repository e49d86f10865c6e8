import { randomUUID } from 'node:crypto'
import { Durations } from '../../core/durations.ts'
import type { DeviceId, Seq } from '../../core/words.ts'
import { reportedKinds } from '../../devices/contract/kinds.ts'
import { onlyContract } from '../../devices/contract/record.ts'
import { identify } from './content.ts'
import type {
  Entry,
  Item,
  Journal,
  JournalReader,
  Lane,
  Note,
  Outcome,
  Parked,
  ParkedEntry,
} from './journal.ts'
import { KnownIds } from './known-ids.ts'
import { addRow, newSums, type Stretch, stretchOf, toStretch } from './stretch.ts'
import { newCounts, type TallyField, tallyAt, tallyOf } from './tally.ts'

/** Both sides of a journal in memory only: for tests, and as the simplest implementation of the port. */
export function createMemoryJournal(clock: () => number): Journal & JournalReader {
  const id = randomUUID()
  let entries: (Entry & { committedAt: number })[] = []
  let end: Seq = 0
  let freedUpTo: Seq = 0
  /** Every record that there ever was, for the sums. */
  const all: Entry[] = []
  let parkedKey = 0
  const took = new Durations()
  const seen = new KnownIds()
  const parked = new Map<number, ParkedEntry>()
  const counts = new Map<DeviceId, Record<Lane, Float64Array>>()

  const add = (device: DeviceId, lane: Lane, field: TallyField, n: number) => {
    let row = counts.get(device)
    if (row === undefined) {
      row = { event: newCounts(), snapshot: newCounts() }
      counts.set(device, row)
    }
    row[lane][tallyAt[field]]! += n
  }

  function unpark(key: number): void {
    const item = parked.get(key)
    if (item === undefined) return
    parked.delete(key)
    add(item.device, item.lane, 'received', -1)
    add(item.device, item.lane, 'parked', -1)
  }

  function store(device: DeviceId, lane: Lane, item: Item): Outcome {
    const now = clock()
    if ('parked' in item) {
      const kept: Parked = JSON.parse(JSON.stringify(item.parked))
      parked.set(++parkedKey, { ...kept, key: parkedKey, device })
      add(device, lane, 'parked', 1)
      return 'parked'
    }
    if (item.unpark !== undefined) unpark(item.unpark)
    const isOurs = item.record.kind === 'sighting'
    add(device, lane, 'stored', 0)
    if (!isOurs) counts.get(device)![lane][tallyAt.lastReceivedAt] = now
    const key = `${device}\0${item.id}`
    const known = seen.add(key, identify(item.record, item.claimedAt))
    if (known === 'same' || known === 'restamped') {
      if (!isOurs) add(device, lane, 'duplicate', 1)
      return known === 'same' ? 'duplicate' : 'restamped'
    }
    const isOther = known === 'other'
    const record = isOther ? { ...item.record, reused: true } : item.record
    const entry = { seq: ++end, device, id: item.id, record: onlyContract(record) }
    all.push(entry)
    entries.push({ ...entry, committedAt: now })
    add(device, lane, isOurs ? 'sighted' : 'stored', 1)
    if (item.record.late) add(device, lane, 'late', 1)
    if (item.record.skewed) add(device, lane, 'skewed', 1)
    if (isOther) add(device, lane, 'reused', 1)
    return isOther ? 'reused' : 'stored'
  }

  const plain = ({ committedAt: _, ...entry }: Entry & { committedAt: number }): Entry => entry

  return {
    id,
    async append(device, items, lane = 'event') {
      took.observe(0)
      return items.map(item => store(device, lane, item))
    },
    note(device, lane, note: Note) {
      for (const [field, n] of Object.entries(note)) add(device, lane, field as TallyField, n)
    },
    dropParked: async key => parked.delete(key),
    async trim(seq, before) {
      const kept = entries.filter(entry => entry.seq > seq || entry.committedAt >= before)
      const freed = entries.length - kept.length
      freedUpTo = (kept[0]?.seq ?? end + 1) - 1
      entries = kept
      return freed
    },
    stats: () => ({
      end,
      records: entries.length,
      bytes: entries.length * 50,
      pendingBytes: 0,
      commits: took,
      appends: took,
      parked: parked.size,
      parkedDropped: 0,
      remembered: seen.size,
      rememberedDays: seen.size === 0 ? 0 : 1,
      rememberedGaveWay: 0,
      rememberedLargest: seen.size,
      refusing: undefined,
    }),
    stop: async () => {},

    read(seq, limit) {
      const found = entries.filter(entry => entry.seq > seq).slice(0, limit)
      const freed = Math.max(0, freedUpTo - seq)
      return { entries: found.map(plain), next: found.at(-1)?.seq ?? seq + freed, damaged: 0, freed }
    },
    end: () => end,
    openings: () => (end === 0 ? [] : [{ epoch: 'memory', first: 1 }]),
    freedUpTo: () => freedUpTo,
    stretches(from, to): Stretch[] {
      const sums = new Map<number, Float64Array>()
      for (const { seq, record } of all) {
        const stretch = stretchOf(seq)
        if (seq > to || stretch < stretchOf(from + 1) || record.kind === 'snapshot') continue
        const row = sums.get(stretch) ?? newSums()
        sums.set(stretch, row)
        addRow(row, seq, record.at, record.receivedAt)
      }
      return [...sums].map(([stretch, row]) => toStretch(stretch, row))
    },
    audit(seq) {
      const queued = new Map<DeviceId, number>()
      for (const entry of entries) {
        if (entry.seq <= seq || !(reportedKinds as readonly string[]).includes(entry.record.kind)) continue
        queued.set(entry.device, (queued.get(entry.device) ?? 0) + 1)
      }
      const tallies = new Map(
        [...counts].map(([device, { event, snapshot }]) => [
          device,
          { event: tallyOf(event), snapshot: tallyOf(snapshot) },
        ]),
      )
      return { end, tallies, queued }
    },
    parked: limit => [...parked.values()].reverse().slice(0, limit),
    findParked: key => parked.get(key),
    close: async () => {},
  }
}
