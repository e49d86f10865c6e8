import { type Database, open, type RangeOptions, type RootDatabase } from 'lmdb'
import { damaged } from '../../core/damage.ts'
import type { Epoch } from '../../core/history.ts'
import { type RowKey, sealJson, unsealJson } from '../../core/sealed.ts'
import type { Place } from '../../core/words.ts'

/**
 * The journal on disk, format 3. Format 1 knew no sightings. Formats 1 and 2 had the registry's numbers as those of
 * places, no openings and no stretches; the first process that writes brings them to format 3. One LMDB environment,
 * written by one process:
 *
 * | database | key | value |
 * |---|---|---|
 * | meta | name | JSON: format, id, the first stretch; end, records, bytes, parkedKey, remembered by day |
 * | device | device id | its number, from 1 |
 * | place | its number, from 1 | JSON: the place |
 * | opening | position of the first record | the epoch (core/history.ts) |
 * | block | position of its first record | a block (block.ts) |
 * | stretch | its number | sums (stretch.ts) |
 * | seen | device number u32 BE, event id | the day it was stored, the part of that day, its content, a check (remembered-row.ts) |
 * | share | device number | how many of its ids are remembered, by day (shares.ts) |
 * | tally | 2 · device number + lane | counts (tally.ts) |
 * | parked | 1, 2, 3 … | JSON |
 *
 * Rows carry a checksum of table, key and value (core/sealed.ts); blocks and remembered ids carry one of their own. So
 * the rows of a damaged page can be found again by reading the file (mend.ts). Rows that an older version wrote have
 * none.
 */
export const journalFormat = 3
/** Formats that this version can continue. */
export const readableFormats: readonly number[] = [1, 2, 3]

export interface Meta {
  readonly format: number
  readonly id: string
  /** The first stretch whose records were all added up; those before are older than format 3. */
  readonly firstStretch?: number
}

export interface Totals {
  end: number
  records: number
  bytes: number
  parkedKey: number
  parked: number
  /** CRC-32 of the last block. */
  chain: number
  /** Parked items that were dropped to make room for others; absent in older journals. */
  parkedDropped: number
  /** Remembered ids by the day (days since the epoch) on which they were stored. */
  remembered: Record<string, number>
  /**
   * The first day that is remembered, the number of forgotten ids still on disk, and of ids that gave way. Absent until
   * shares were counted.
   */
  forgetting: { horizon: number; dead: number; gaveWay: number }
}

export interface JournalDatabases {
  readonly root: RootDatabase
  readonly meta: SealedTable<unknown, string>
  readonly device: SealedTable<number, string>
  readonly place: SealedTable<Place, number>
  readonly opening: SealedTable<Epoch, number>
  readonly block: Database<Buffer, number>
  readonly stretch: Database<Buffer, number>
  readonly seen: Database<Buffer, Buffer>
  readonly share: Database<Buffer, number>
  readonly tally: Database<Buffer, number>
  readonly parked: SealedTable<unknown, number>
}

/** A table of JSON rows, each sealed. Reading a damaged row throws JOURNAL_CORRUPT. */
export class SealedTable<V, K extends RowKey> {
  readonly #name: string
  readonly #rows: Database<Buffer, K>

  constructor(root: RootDatabase, name: string, keyEncoding?: 'ordered-binary') {
    this.#name = name
    const encoding = keyEncoding === undefined ? {} : { keyEncoding }
    this.#rows = root.openDB({ name, encoding: 'binary', ...encoding })
  }

  get(key: K): V | undefined {
    const row = this.#rows.getBinary(key)
    return row === undefined ? undefined : this.#open(key, row)
  }

  putSync(key: K, value: V): void {
    this.#rows.putSync(key, sealJson(this.#name, key, value))
  }

  removeSync(key: K): boolean {
    return this.#rows.removeSync(key)
  }

  getKeys(range: RangeOptions = {}): Iterable<K> {
    return this.#rows.getKeys(range)
  }

  getRange(range: RangeOptions = {}): { key: K; value: V }[] {
    return [...this.#rows.getRange(range)].map(({ key, value }) => ({ key, value: this.#open(key, value) }))
  }

  #open(key: K, row: Buffer): V {
    const unsealed = unsealJson<V>(this.#name, key, row)
    if (unsealed !== undefined) return unsealed.value
    throw damagedRow(this.#name, key)
  }
}

export const damagedRow = (table: string, key: RowKey) =>
  damaged('JOURNAL_CORRUPT', `row ${key} of ${table} in the journal is not as it was written`)

/**
 * Pages are cleared before use, lmdb's default: otherwise memory that this process has freed, payloads included, would
 * reach the disk in their unused parts.
 * `overlappingSync: false`: a commit is acknowledged only once it is flushed (see core/state/lmdb-state.ts).
 */
export function openDatabases(directory: string, readOnly: boolean): JournalDatabases {
  const root = open({
    path: directory,
    maxDbs: 16,
    overlappingSync: false,
    readOnly,
    noSubdir: false,
  })
  return {
    root,
    meta: new SealedTable(root, 'meta'),
    device: new SealedTable(root, 'device'),
    place: new SealedTable(root, 'place', 'ordered-binary'),
    opening: new SealedTable(root, 'opening', 'ordered-binary'),
    stretch: root.openDB({ name: 'stretch', encoding: 'binary', keyEncoding: 'ordered-binary' }),
    block: root.openDB({ name: 'block', encoding: 'binary', keyEncoding: 'ordered-binary' }),
    seen: root.openDB({ name: 'seen', encoding: 'binary', keyEncoding: 'binary' }),
    share: root.openDB({ name: 'share', encoding: 'binary', keyEncoding: 'ordered-binary' }),
    tally: root.openDB({ name: 'tally', encoding: 'binary', keyEncoding: 'ordered-binary' }),
    parked: new SealedTable(root, 'parked', 'ordered-binary'),
  }
}

export const tallyKey = (device: number, lane: 'event' | 'snapshot') =>
  device * 2 + (lane === 'snapshot' ? 1 : 0)
