import { randomUUID } from 'node:crypto'
import { dayMs } from '../../core/clock.ts'
import type { Opening } from '../../core/history.ts'
import type { PageFile } from '../../core/lmdb-file/pages.ts'
import { unsealJson } from '../../core/sealed.ts'
import type { Place, Seq } from '../../core/words.ts'
import { blockCommittedAt, blockCrc, blockHead, framesAt } from './block.ts'
import { checkJournal, lastOfBlock, rememberedRows } from './check-journal.ts'
import { unknownContent } from './content.ts'
import { FrameReader } from './frame.ts'
import { type JournalDatabases, journalFormat, type Meta, openDatabases, type Totals } from './lmdb-layout.ts'
import { type Named, nameLost } from './name-lost.ts'
import { countRecord, Recount } from './recount.ts'
import { countShares } from './remembered.ts'
import { contentIn, dayOf, lapOf, rememberedRow } from './remembered-row.ts'
import { type FoundBlock, readBlock, salvage } from './salvage.ts'

/** Facts that others know about a journal, used if the journal itself no longer has them. */
export interface Remembrance {
  /** The last position that any consumer has seen, by the id of a journal: there may have been other journals before. */
  readonly journals: ReadonlyMap<string, Seq>
  /** The places of the registry. */
  readonly registered: readonly Place[]
}

export interface Rebuilt {
  readonly id: string
  /** Records in the rebuilt journal. */
  readonly records: number
  /** Positions whose records are lost, both ends included; the first hundred stretches of them. */
  readonly lost: readonly { readonly first: Seq; readonly last: Seq }[]
  readonly lostRecords: number
  /** Remembered ids that could not be saved, if their number is known: a repetition of such an event is taken as new. */
  readonly lostIds: number
  /** Counts, by device and lane, that were older than the damage and were completed from the held records. */
  readonly recounted: number
  /** Devices and places whose names were lost. */
  readonly nameless: number
}

/** A row that a tree leads to is in force; of other rows, the one that was written last counts. */
interface Kept {
  readonly value: Buffer
  readonly rank: number
}

type Rows = Map<string | number, Kept>

interface Held extends Omit<FoundBlock, 'writer'> {
  readonly rank: number
}

/** Totals as an older version may have written them. */
type OldTotals = Omit<Totals, 'forgetting' | 'parkedDropped'> &
  Partial<Pick<Totals, 'forgetting' | 'parkedDropped'>>

const inForce = Number.POSITIVE_INFINITY
const perTransaction = 5000
/** A greater number is no device's: one damaged id in 65,536 passes for whole. */
const mostDevices = 10_000_000

/** Writes all that can be saved of a damaged journal into a new one in `directory`. */
export async function rebuild(file: PageFile, directory: string, known: Remembrance): Promise<Rebuilt> {
  const db = openDatabases(directory, false)
  try {
    return rebuildInto(db, file, known)
  } finally {
    await db.root.close()
  }
}

function rebuildInto(db: JournalDatabases, file: PageFile, known: Remembrance): Rebuilt {
  const rows = new Map<string, Rows>()
  const blocks = new Map<Seq, Held>()
  const ids = new Ids(db)
  const keep = (table: string, key: string | number, value: Buffer, rank: number) => {
    const kept = rows.get(table) ?? new Map()
    rows.set(table, kept)
    if (rank > (kept.get(key)?.rank ?? -1)) kept.set(key, { value: Buffer.from(value), rank })
  }
  const keepBlock = (block: Held) => {
    if (block.rank > (blocks.get(block.first)?.rank ?? -1)) blocks.set(block.first, block)
  }

  const check = checkJournal(file, ({ table, key, rawKey, value, offset }) => {
    if (table === 'seen') ids.add(rawKey, value)
    else if (table !== 'block') keep(table, key, value, inForce)
    else {
      const first = key as Seq
      keepBlock({ first, last: lastOfBlock(value, first), offset, bytes: value.length, rank: inForce })
    }
  })
  const lostAll = check.meta === undefined || check.isMetaDamaged || check.damagedTables.has('(tables)')
  const isDamaged = (table: string) => lostAll || check.damagedTables.has(table)
  salvage(file, check, {
    row({ table, key, rawKey, value, writer }) {
      if (!isDamaged(table)) return
      if (table === 'seen') ids.add(rawKey, value)
      else keep(table, key, value, writer)
    },
    block(block) {
      if (isDamaged('block')) keepBlock({ ...block, rank: block.writer })
    },
  })

  const json = <V>(table: string, key: string | number): V | undefined => {
    const row = rows.get(table)?.get(key)
    return row && unsealJson<V>(table, key, row.value)?.value
  }
  const all = <V>(table: string): [string | number, V][] =>
    [...(rows.get(table)?.keys() ?? [])].map(key => [key, json<V>(table, key)!])

  const old = json<OldTotals>('meta', 'totals')
  const meta = json<Meta>('meta', 'journal')
  const id = meta?.id ?? onlyOf(known.journals.keys()) ?? randomUUID()
  const seen = known.journals.get(id) ?? 0
  const freed = old === undefined ? undefined : old.end - old.records
  const held = inOrder(blocks, freed)

  // The blocks are written as they are read a second time, so that they are not all in memory.
  const openings = new Map<Seq, string>(all<string>('opening') as [Seq, string][])
  const epochs = new Set(openings.values())
  const recount = new Recount(rows.get('tally'), rows.get('stretch'))
  const named: Named = { devices: new Map(), places: new Set() }
  const lost: { first: Seq; last: Seq }[] = []
  let [end, records, size, chain, lostRecords] = [freed ?? (held[0]?.first ?? seen + 1) - 1, 0, 0, 0, 0]
  const begin = end
  const lose = (first: Seq, last: Seq) => {
    if (last < first) return
    lostRecords += last - first + 1
    if (lost.length < 100) lost.push({ first, last })
  }
  // Before the ids of the blocks, which lack the content.
  ids.flush()
  for (let from = 0; from < held.length; from += perTransaction) {
    db.root.transactionSync(() => {
      for (const entry of held.slice(from, from + perTransaction)) {
        const { first } = entry
        const block = readBlock(file, entry)!
        lose(end + 1, first - 1)
        const epoch = blockHead(block)?.epoch
        if (epoch !== undefined && !epochs.has(epoch)) openings.set(first, epoch)
        if (epoch !== undefined) epochs.add(epoch)
        db.block.putSync(first, block)
        const day = Math.floor(blockCommittedAt(block) / dayMs)
        const frame = new FrameReader(block, framesAt(block), block.length)
        for (let seq = first; frame.advance(); seq++) {
          ids.put(frame.key, day, 0, unknownContent)
          countRecord(recount, named, frame, seq, blockCommittedAt(block))
        }
        end = entry.last
        records += end - first + 1
        size += block.length
        chain = blockCrc(block)
      }
    })
  }
  const shown = Math.max(
    end,
    old?.end ?? 0,
    seen,
    recount.upTo,
    ...[...openings.keys()].map(first => first - 1),
  )
  lose(end + 1, shown)
  ids.flush()

  const parked = all<unknown>('parked') as [number, unknown][]
  const names = nameLost(
    {
      devices: all<number>('device') as [string, number][],
      places: all<Place>('place') as [number, Place][],
      named,
      numbers: [...recount.devices(), ...ids.devices],
    },
    known.registered,
  )
  // All saved ids are remembered again; the next commit forgets those that are too old or too many.
  const remembered = db.root.transactionSync(() => countShares(db.seen, db.share))
  const total: Totals = {
    end: shown,
    records: shown - begin,
    bytes: size,
    parkedKey: Math.max(old?.parkedKey ?? 0, ...parked.map(([key]) => key)),
    parked: parked.length,
    parkedDropped: old?.parkedDropped ?? 0,
    chain,
    remembered,
    forgetting: { horizon: 0, dead: 0, gaveWay: old?.forgetting?.gaveWay ?? 0 },
  }
  db.root.transactionSync(() => {
    for (const [name, number] of names.devices) db.device.putSync(name, number)
    for (const [number, place] of names.places) db.place.putSync(number, place)
    for (const [key, item] of parked) db.parked.putSync(key, item)
    for (const { first, epoch } of inTurn(openings)) db.opening.putSync(first, epoch)
    for (const [key, row] of recount.tallies()) db.tally.putSync(key, row)
    for (const [key, row] of recount.stretches()) db.stretch.putSync(key, row)
    db.meta.putSync('totals', total)
    db.meta.putSync('journal', {
      format: journalFormat,
      id,
      firstStretch: meta?.firstStretch ?? 0,
    } satisfies Meta)
  })
  return {
    id,
    records,
    lost,
    lostRecords,
    lostIds: old === undefined ? 0 : Math.max(0, rememberedRows(old) - rememberedRows({ remembered })),
    recounted: recount.changed,
    nameless: names.nameless,
  }
}

/** Blocks of records that are not freed, each position once: of two that overlap, the one in force, or else the one written later. */
function inOrder(blocks: ReadonlyMap<Seq, Held>, freed: Seq | undefined): Held[] {
  const chosen: Held[] = []
  const sorted = [...blocks.values()].sort((a, b) => a.first - b.first)
  for (const block of sorted) {
    if (freed !== undefined && block.last <= freed) continue
    const before = chosen.at(-1)
    if (before === undefined || before.last < block.first) chosen.push(block)
    else if (block.rank > before.rank) {
      chosen.pop()
      chosen.push(block)
    }
  }
  return chosen
}

function onlyOf(ids: Iterable<string>): string | undefined {
  const [only, ...others] = ids
  return others.length === 0 ? only : undefined
}

const inTurn = (openings: ReadonlyMap<Seq, string>): Opening[] =>
  [...openings].map(([first, epoch]) => ({ first, epoch })).sort((a, b) => a.first - b.first)

/** Remembered ids are written to the new journal at once: there may be tens of millions. */
class Ids {
  readonly #db: JournalDatabases
  /** Numbers of devices. */
  readonly devices = new Set<number>()
  #waiting: [key: Buffer, day: number, lap: number, content: number][] = []

  constructor(db: JournalDatabases) {
    this.#db = db
  }

  add(key: Buffer, value: Buffer): void {
    this.#waiting.push([Buffer.from(key), dayOf(value), lapOf(value), contentIn(value)])
    if (this.#waiting.length >= perTransaction) this.flush()
  }

  flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#db.root.transactionSync(() => {
      for (const [key, day, lap, content] of waiting) this.put(key, day, lap, content)
    })
  }

  /** For use inside a transaction. */
  put(key: Buffer, day: number, lap: number, content: number): void {
    const device = key.readUInt32BE(0)
    if (device <= mostDevices) this.devices.add(device)
    this.#db.seen.putSync(key, rememberedRow(key, day, lap, content), { noOverwrite: true })
  }
}
