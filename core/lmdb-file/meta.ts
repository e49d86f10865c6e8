import {
  flagsOf,
  type PageFile,
  pageBytes,
  pageFlags,
  pageHeadBytes,
  readTree,
  type Tree,
  wide,
} from './pages.ts'

/** One of the two meta pages. They are written alternately and say where the trees are. */
export interface MetaPage {
  readonly transaction: number
  readonly lastPage: number
  readonly free: Tree
  readonly main: Tree
}

const magic = 0xbeef_c0de
const version = 2
const integerKeys = 0x08
/** Largest plausible memory map, 8 TiB: more than a disk holds. */
const mostMapped = 2 ** 43

function metaAt(file: PageFile, index: 0 | 1): MetaPage | undefined {
  const page = file.read(index)
  if (page === undefined || flagsOf(page) !== pageFlags.meta) return undefined
  const at = (offset: number) => pageHeadBytes + offset
  if (page.readUInt32LE(at(0)) !== magic || page.readUInt16LE(at(4)) !== version) return undefined
  const [free, main] = [readTree(page, at(24)), readTree(page, at(72))]
  const lastPage = wide(page, at(120))
  // The tree of free pages has integer keys; we use no other flag of LMDB.
  const isOurs = free.pad === pageBytes && free.flags === integerKeys && main.pad === 0 && main.flags === 0
  if (!isOurs || wide(page, at(8)) !== 0) return undefined
  const mapped = wide(page, at(16))
  if (mapped % pageBytes !== 0 || mapped < lastPage * pageBytes || mapped > mostMapped) return undefined
  return { free, main, lastPage, transaction: wide(page, at(128)) }
}

/** The newer of the two meta pages, which is in force, and what is wrong with the two, if anything. */
export function readMeta(file: PageFile): { meta: MetaPage | undefined; fault: string | undefined } {
  const both = ([0, 1] as const).map(index => metaAt(file, index))
  const [newer, older] = both
    .filter(meta => meta !== undefined)
    .toSorted((a, b) => b.transaction - a.transaction)
  if (newer === undefined) return { meta: undefined, fault: 'neither of the first two pages can be read' }
  if (older === undefined) return { meta: newer, fault: 'one of the first two pages cannot be read' }
  return { meta: newer, fault: faultOf(both as MetaPage[], newer, older) }
}

/** The pages are written alternately, so their transaction numbers are consecutive; a new file has 0 in both. */
function faultOf(both: readonly MetaPage[], newer: MetaPage, older: MetaPage): string | undefined {
  const inTurn = newer.transaction === older.transaction + 1 && both[newer.transaction % 2] === newer
  const isNew = newer.transaction <= 1 && older.transaction === 0
  if (!inTurn && !isNew)
    return `the first two pages are of transactions ${both[0]!.transaction} and ${both[1]!.transaction}`
  return undefined
}
