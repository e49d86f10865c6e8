import type { FileCheck } from '../../core/lmdb-file/check.ts'
import {
  flagsOf,
  looseNodesOf,
  numberOf,
  type PageFile,
  pageBytes,
  pageFlags,
  writerOf,
} from '../../core/lmdb-file/pages.ts'
import type { Seq } from '../../core/words.ts'
import { blockHead, blockIsWhole, blockMark, blockMarkAt } from './block.ts'
import { isWhole, jsonTables, keyOf, numberTables } from './check-journal.ts'
import { rememberedRowBytes } from './remembered-row.ts'

/** An intact row in a page that no tree leads to any more. */
export interface Found {
  readonly table: string
  readonly key: string | number
  readonly rawKey: Buffer
  readonly value: Buffer
  /** The transaction that wrote its page: of two rows with one key the later one counts. */
  readonly writer: number
}

export interface FoundBlock {
  readonly first: Seq
  readonly last: Seq
  /** Its offset in the file. */
  readonly offset: number
  readonly bytes: number
  readonly writer: number
}

/** Tables from which nothing is deleted: an old copy of a page was true, and may be all that is left. */
const onlyGrowing: ReadonlySet<string> = new Set(['meta', 'device', 'place', 'opening', 'stretch', 'tally'])

/**
 * Reads the pages that could not be reached, of any tree: the checksum of a row tells its table. Free pages hold what was
 * true before. They are left out for tables from which rows are deleted, unless it is not known which pages are free.
 */
export function salvage(
  file: PageFile,
  check: FileCheck,
  visit: { row(row: Found): void; block(block: FoundBlock): void },
): void {
  const knowsFree = !check.isMetaDamaged && !check.damagedTables.has('(free pages)')
  const newest = check.meta?.transaction ?? Number.POSITIVE_INFINITY
  for (let number = 2; number < file.pages; number++) {
    if (check.use[number] === 1) continue
    const page = file.read(number)!
    const isOld = knowsFree && check.use[number] === 2
    // `newest + 1` is the transaction that was under way; a greater number means that the head of the page is damaged.
    const written = writerOf(page)
    const writer = written <= newest + 1 ? written : 0
    if (!isOld) findBlocks(file, page, number, writer, visit.block)
    const isItself = numberOf(page) === number
    const isOther = isItself && (flagsOf(page) === pageFlags.large || flagsOf(page) === pageFlags.branch)
    if (isOther || !(isItself || flagsOf(page) === pageFlags.leaf)) continue
    for (const { key: rawKey, value, large } of looseNodesOf(page)) {
      if (large !== undefined) continue
      const found = tableOf(rawKey, value)
      if (found === undefined || (isOld && !onlyGrowing.has(found.table))) continue
      visit.row({ ...found, rawKey, value, writer })
    }
  }
}

function tableOf(rawKey: Buffer, value: Buffer): { table: string; key: string | number } | undefined {
  for (const table of tablesOf(value)) {
    const key = keyOf(table, rawKey)
    if (isWhole(table, key, rawKey, value, true)) return { table, key }
  }
  return undefined
}

const idTables = ['seen']
const sealedTables = [...jsonTables, ...numberTables]
const allTables = [...sealedTables, ...idTables]

/** A remembered id's value is as long as the row of a sealed JSON may be: that has a byte 0 before its checksum. */
function tablesOf(value: Buffer): readonly string[] {
  if (!rememberedRowBytes.includes(value.length)) return sealedTables
  return value[value.length - 5] === 0 ? allTables : idTables
}

/** Each block lies in one piece, a small one in a leaf, a larger one on pages of its own, and says where it begins and ends. */
function findBlocks(
  file: PageFile,
  page: Buffer,
  number: number,
  writer: number,
  visit: (block: FoundBlock) => void,
): void {
  for (let at = page.indexOf(blockMark); at >= 0; at = page.indexOf(blockMark, at + 1)) {
    const start = at - blockMarkAt
    if (start < 0 || at + 8 > page.length) continue
    const bytes = page.readUInt32LE(at + 4)
    const offset = number * pageBytes + start
    const block = readBlock(file, { offset, bytes })
    const head = block && blockHead(block)
    if (block === undefined || head === undefined || !blockIsWhole(block, head.first)) continue
    visit({ first: head.first, last: head.first + head.count - 1, offset, bytes, writer })
  }
}

export function readBlock(
  file: PageFile,
  { offset, bytes }: Pick<FoundBlock, 'offset' | 'bytes'>,
): Buffer | undefined {
  const first = Math.floor(offset / pageBytes)
  const count = Math.floor((offset + bytes - 1) / pageBytes) - first + 1
  const start = offset - first * pageBytes
  return file.read(first, count)?.subarray(start, start + bytes)
}
