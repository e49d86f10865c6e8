import * as lmdb from 'lmdb'
import { checkFile, type FileCheck } from '../../core/lmdb-file/check.ts'
import type { PageFile } from '../../core/lmdb-file/pages.ts'
import { unsealJson, unsealNumbers } from '../../core/sealed.ts'
import type { Seq } from '../../core/words.ts'
import { blockCount, blockIsWhole } from './block.ts'
import type { Totals } from './lmdb-layout.ts'
import { dayOf, isRememberedRow } from './remembered-row.ts'
import { readShare } from './shares.ts'

/** Tables of JSON rows, and of rows of numbers. */
export const jsonTables: ReadonlySet<string> = new Set(['meta', 'device', 'place', 'opening', 'parked'])
export const numberTables: ReadonlySet<string> = new Set(['stretch', 'tally'])

export interface JournalCheck extends FileCheck {
  /** Blocks that hold other bytes than were written: the tree is whole, and readers pass them over. */
  readonly damagedBlocks: number
  readonly totals: Totals | undefined
}

/** Rows as they are kept: `key` is decoded, but that of a remembered id. */
export interface JournalRow {
  readonly table: string
  readonly key: string | number
  readonly rawKey: Buffer
  readonly value: Buffer
  /** Where its value lies in the file. */
  readonly offset: number
}

/** Reads the whole file of a journal that no process has open. `visit` sees the rows that are as they were written. */
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
    // An older version counted no shares: its ids are remembered as long as they are on the disk.
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

/** Its types leave it out. */
const { bufferToKeyValue } = lmdb as unknown as { bufferToKeyValue(key: Buffer): unknown }

/** Ids that are on the disk: such as are remembered, and such as are forgotten and not swept yet. */
export const rememberedRows = (of: Pick<Totals, 'remembered'> & Partial<Pick<Totals, 'forgetting'>>) =>
  Object.values(of.remembered).reduce((sum, n) => sum + n, of.forgetting?.dead ?? 0)

const mostFaults = 20

/** A key that is damaged may be of any kind. */
export function keyOf(table: string, rawKey: Buffer): string | number {
  if (table === 'seen') return ''
  try {
    // It ends at a byte 0, which LMDB's rows have behind the key and a page's may not.
    const key = bufferToKeyValue(Buffer.concat([rawKey, endOfKey]).subarray(0, rawKey.length))
    return typeof key === 'number' ? key : String(key)
  } catch {
    return ''
  }
}

const endOfKey = Buffer.alloc(16)

/** Whether a row is as it was written; where it must be sealed, one of an older version is not believed. */
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

/** Positions that a block holds. */
export const lastOfBlock = (block: Buffer, first: Seq): Seq => first + blockCount(block) - 1
