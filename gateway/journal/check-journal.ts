import * as lmdb from 'lmdb'
import { checkFile, type FileCheck } from '../../core/lmdb-file/check.ts'
import type { PageFile } from '../../core/lmdb-file/pages.ts'
import { unsealJson, unsealNumbers } from '../../core/sealed.ts'
import type { Seq } from '../../core/words.ts'
import { blockCount, blockIsWhole } from './block.ts'
import type { Totals } from './lmdb-layout.ts'
import { dayOf, isRememberedRow } from './remembered-row.ts'
import { readShare } from './shares.ts'

/** Tables of JSON rows; `numberTables` have rows of numbers. */
export const jsonTables: ReadonlySet<string> = new Set(['meta', 'device', 'place', 'opening', 'parked'])
export const numberTables: ReadonlySet<string> = new Set(['stretch', 'tally'])

export interface JournalCheck extends FileCheck {
  /** Blocks that hold other bytes than were written: the tree is intact, and readers pass them over. */
  readonly damagedBlocks: number
  readonly totals: Totals | undefined
}

/** A row as it is stored. `key` is decoded, except that of a remembered id. */
export interface JournalRow {
  readonly table: string
  readonly key: string | number
  readonly rawKey: Buffer
  readonly value: Buffer
  /** The offset of its value in the file. */
  readonly offset: number
}

/** Reads the whole file of a journal that no process has open. Calls `visit` for each intact row. */
export function checkJournal(file: PageFile, visit: (row: JournalRow) => void = () => {}): JournalCheck {
  const faults: string[] = []
  const damaged = new Set<string>()
  let damagedBlocks = 0
  let totals: Totals | undefined
  let [bytes, parked] = [0, 0]
  let ids = 0
  const byDay = { seen: new Map<number, number>(), share: new Map<number, number>() }
  const count = (days: Map<number, number>, day: number, more: number) =>
    days.set(day, (days.get(day) ?? 0) + more)
  const tell = (table: string, what: string) => {
    damaged.add(table)
    if (faults.length < mostFaults) faults.push(`${table}: ${what}`)
  }

  const check = checkFile(file, (table, rawKey, value, offset) => {
    const key = keyOf(table, rawKey)
    if (table === 'block') {
      bytes += value.length
      if (typeof key !== 'number') return tell(table, 'a key is no position')
      if (!blockIsWhole(value, key)) {
        damagedBlocks++
        return
      }
    } else if (!isWhole(table, key, rawKey, value, false)) {
      return tell(
        table,
        table === 'seen' ? 'an id is not as it was written' : `row ${key} is not as it was written`,
      )
    }
    if (table === 'seen') {
      ids++
      count(byDay.seen, dayOf(value), 1)
    } else if (table === 'share') {
      const share = readShare(key as number, value)
      for (const { day, ids } of share?.segments ?? []) count(byDay.share, day, ids)
    } else if (table === 'parked') parked++
    else if (table === 'meta' && key === 'totals') totals = unsealJson<Totals>(table, key, value)?.value
    visit({ table, key, rawKey, value, offset })
  })
  const isWholeFile = check.faults.length === 0 && faults.length === 0
  if (isWholeFile && totals !== undefined) {
    // An older version counted no shares: its ids are remembered as long as they are on disk.
    const { forgetting } = totals as Partial<Totals>
    const table = forgetting === undefined ? 'seen' : 'share'
    const noted = Object.entries(totals.remembered).map(([day, n]) => `${day}: ${n}`)
    const counted = [...byDay[table]].filter(([, n]) => n > 0).sort(([a], [b]) => a - b)
    const days = counted.map(([day, n]) => `${day}: ${n}`)
    if (noted.join() !== days.join())
      tell(table, `it says ${noted.join()} ids by day, and has ${days.join()}`)
    const kept = rememberedRows(totals)
    if (kept !== ids) tell('seen', `it says ${kept} ids, and has ${ids}`)
    if (totals.bytes !== bytes) tell('block', `it says ${totals.bytes} bytes, and has ${bytes}`)
    if (totals.parked !== parked) tell('parked', `it says ${totals.parked} items, and has ${parked}`)
  }
  return {
    ...check,
    faults: [...check.faults, ...faults],
    damagedTables: new Set([...check.damagedTables, ...damaged]),
    damagedBlocks,
    totals,
  }
}

/** The types of lmdb omit it. */
const { bufferToKeyValue } = lmdb as unknown as { bufferToKeyValue(key: Buffer): unknown }

/** Ids on disk: those remembered, and those forgotten but not swept yet. */
export const rememberedRows = (of: Pick<Totals, 'remembered'> & Partial<Pick<Totals, 'forgetting'>>) =>
  Object.values(of.remembered).reduce((sum, n) => sum + n, of.forgetting?.dead ?? 0)

const mostFaults = 20

/** Decodes a key; a damaged one may turn out as any type. */
export function keyOf(table: string, rawKey: Buffer): string | number {
  if (table === 'seen') return ''
  try {
    // The decoder needs a byte 0 at the end. LMDB's own rows have one behind the key; those of a page may not.
    const key = bufferToKeyValue(Buffer.concat([rawKey, endOfKey]).subarray(0, rawKey.length))
    return typeof key === 'number' ? key : String(key)
  } catch {
    return ''
  }
}

const endOfKey = Buffer.alloc(16)

/** True if a row is intact. With `mustBeSealed`, a row of an older version without a seal does not count. */
export function isWhole(
  table: string,
  key: string | number,
  rawKey: Buffer,
  value: Buffer,
  mustBeSealed: boolean,
): boolean {
  if (table === 'seen') return isRememberedRow(rawKey, value, { mustBeChecked: mustBeSealed })
  if (table === 'share') return typeof key === 'number' && readShare(key, value) !== undefined
  if (jsonTables.has(table)) {
    const unsealed = unsealJson(table, key, value)
    return unsealed !== undefined && (unsealed.isSealed || !mustBeSealed)
  }
  if (numberTables.has(table)) {
    const unsealed = unsealNumbers(table, key, value)
    return unsealed !== undefined && (unsealed.upTo !== undefined || !mustBeSealed)
  }
  return table === 'block' && typeof key === 'number' && blockIsWhole(value, key)
}

/** The last position that a block holds. */
export const lastOfBlock = (block: Buffer, first: Seq): Seq => first + blockCount(block) - 1
