import { type MetaPage, readMeta } from './meta.ts'
import {
  flagsOf,
  largePages,
  type Node,
  nodesOf,
  numberOf,
  type PageFile,
  pageBytes,
  pageFlags,
  pageHeadBytes,
  pagesFor,
  readTree,
  type Tree,
  treeBytes,
  wide,
  writerOf,
} from './pages.ts'

/** Called for each reachable row, in order of its key. `offset` is the position of its value in the file, in one piece. */
export type RowVisitor = (table: string, key: Buffer, value: Buffer, offset: number) => void

/** Called for each node of one tree. `writer` is the transaction that wrote its page. */
type NodeVisitor = (node: Node, value: Buffer, offset: number, writer: number) => void

export interface FileCheck {
  /** Deviations from what LMDB writes; empty if LMDB can open the file safely. Only the first faults are kept. */
  readonly faults: readonly string[]
  /** Tables with a fault: some of their rows may not have been reached. */
  readonly damagedTables: ReadonlySet<string>
  readonly meta: MetaPage | undefined
  /** One of the two meta pages is damaged: the newest readable transaction may not be the one in force. */
  readonly isMetaDamaged: boolean
  readonly tables: ReadonlySet<string>
  /** Use of each page: 1 if it is part of a tree, 2 if it is free. */
  readonly use: Uint8Array
}

const mostFaults = 20
/** Our names for the two trees of LMDB itself. */
export const freeTable = '(free pages)'
export const mainTable = '(tables)'

/**
 * Walks the trees of the transaction in force. Checks that every page is where its parent says, was not written after its
 * parent, holds its keys in order and within its parent's bounds, belongs to one place only and is not free; and that
 * each tree has as many pages and entries as it says.
 */
export function checkFile(file: PageFile, visit: RowVisitor): FileCheck {
  const faults: string[] = []
  const damagedTables = new Set<string>()
  const tables = new Set<string>()
  const { meta, fault } = readMeta(file)
  const use = new Uint8Array(Math.max(file.pages, 2))
  use[0] = use[1] = 1
  const isMetaDamaged = fault !== undefined
  const tell = (table: string, what: string) => {
    damagedTables.add(table)
    if (faults.length < mostFaults) faults.push(`${table}: ${what}`)
  }
  if (isMetaDamaged) tell('head', fault)
  if (meta === undefined) return { faults, damagedTables, meta, isMetaDamaged, tables, use }

  const walk = (table: string, tree: Tree, writer: number, each: NodeVisitor) =>
    new TreeWalk(file, table, tree, use, what => tell(table, what), each).run(writer)

  const free: [number, number][] = []
  walk(freeTable, meta.free, meta.transaction, (_node, value) => {
    for (const range of freeRanges(value)) free.push(range)
  })
  walk(mainTable, meta.main, meta.transaction, (node, value, _offset, writer) => {
    const name = node.key.toString('latin1').replace(/\0$/, '')
    if (!node.isTree || value.length !== treeBytes) return tell(mainTable, `${name} is no table`)
    tables.add(name)
    const tree = readTree(value)
    if (tree.pad !== 0 || tree.flags !== 0) return tell(name, 'its description is damaged')
    walk(name, tree, writer, (row, rowValue, offset) => {
      if (row.isTree) tell(name, 'a row is a table')
      else visit(name, row.key, rowValue, offset)
    })
  })
  for (const [first, count] of free) {
    for (let page = first; page < first + count; page++) {
      if (page > meta.lastPage || page < 2) {
        tell(freeTable, `page ${page} is free and was never given out`)
        break
      }
      if (use[page] === 1) tell(freeTable, `page ${page} is free and in use`)
      else if (page < use.length) use[page] = 2
    }
  }
  return { faults, damagedTables, meta, isMetaDamaged, tables, use }
}

/** Reads a list of page numbers. A negative entry says how many pages the next entry stands for. */
function* freeRanges(list: Buffer): Generator<[first: number, count: number]> {
  const length = Math.min(list.length / 8 - 1, wide(list, 0))
  let count = 1
  for (let index = 1; index <= length; index++) {
    const entry = Number(list.readBigInt64LE(index * 8))
    if (entry < 0) count = -entry
    else if (entry > 0) {
      yield [entry, count]
      count = 1
    }
  }
}

class TreeWalk {
  readonly #file: PageFile
  readonly #isFree: boolean
  readonly #tree: Tree
  readonly #use: Uint8Array
  readonly #tell: (what: string) => void
  readonly #each: NodeVisitor
  #branches = 0
  #leaves = 0
  #large = 0
  #entries = 0
  #isWhole = true

  constructor(
    file: PageFile,
    table: string,
    tree: Tree,
    use: Uint8Array,
    tell: (what: string) => void,
    each: NodeVisitor,
  ) {
    this.#file = file
    this.#isFree = table === freeTable
    this.#tree = tree
    this.#use = use
    this.#tell = tell
    this.#each = each
  }

  run(writer: number): void {
    const { root, depth, branchPages, leafPages, largePages, entries } = this.#tree
    if (root !== undefined) this.#page(root, depth, writer, undefined, undefined)
    if (!this.#isWhole) return
    const counted = [this.#branches, this.#leaves, this.#large, this.#entries]
    const noted = [branchPages, leafPages, largePages, entries]
    if (counted.join() !== noted.join() || (root === undefined && depth !== 0))
      this.#tell(
        `it says ${noted.join(', ')} branch, leaf and large pages and entries, and has ${counted.join(', ')}`,
      )
  }

  #fault(what: string): void {
    this.#isWhole = false
    this.#tell(what)
  }

  /** Marks the pages as in use. False if the file does not have them, or if they already are. */
  #claim(page: number, count: number): boolean {
    if (!(page >= 2 && page + count <= this.#use.length)) return false
    for (let at = page; at < page + count; at++) if (this.#use[at] !== 0) return false
    this.#use.fill(1, page, page + count)
    return true
  }

  /** `level` counts down to 1, the leaves. Keys must be in [from, until). */
  #page(
    at: number,
    level: number,
    newest: number,
    from: Buffer | undefined,
    until: Buffer | undefined,
  ): void {
    const kind = level === 1 ? 'leaf' : 'branch'
    if (!this.#claim(at, 1)) {
      this.#fault(`page ${at} is not there, or has two places`)
      return
    }
    const page = this.#file.read(at)!
    const writer = writerOf(page)
    const isOurs = numberOf(page) === at && flagsOf(page) === pageFlags[kind] && writer <= newest
    const nodes = isOurs ? nodesOf(page, kind) : undefined
    if (nodes === undefined || nodes.length === 0) {
      this.#use[at] = 0
      this.#fault(`page ${at} is damaged`)
      return
    }
    if (kind === 'leaf') this.#leaves++
    else this.#branches++
    if (!this.#isInOrder(nodes, kind, from, until)) {
      // Its rows may still be good: leave the page to the salvage, which judges each row.
      this.#use[at] = 0
      this.#fault(`the keys of page ${at} are not in their place`)
      return
    }
    for (const [index, node] of nodes.entries()) {
      if (kind === 'branch') {
        const least = index === 0 ? from : node.key
        this.#page(node.child, level - 1, writer, least, nodes[index + 1]?.key ?? until)
      } else this.#row(node, at * pageBytes + node.value.byteOffset - page.byteOffset, writer)
    }
  }

  #isInOrder(
    nodes: readonly Node[],
    kind: string,
    from: Buffer | undefined,
    until: Buffer | undefined,
  ): boolean {
    const compare = this.#isFree ? compareNumbers : Buffer.compare
    let last = from
    for (const [index, { key }] of nodes.entries()) {
      // The first key of a branch stands for all keys less than the second.
      if (kind === 'branch' && index === 0) continue
      if (last !== undefined && compare(key, last) < (last === from ? 0 : 1)) return false
      last = key
    }
    return until === undefined || last === undefined || compare(last, until) < 0
  }

  #row(node: Node, offset: number, writer: number): void {
    this.#entries++
    const { large } = node
    if (large === undefined) {
      this.#each(node, node.value, offset, writer)
      return
    }
    const { page, pages, bytes } = large
    const value = readLarge(this.#file, large)
    if (value === undefined || large.writer > writer || !this.#claim(page, pages)) {
      this.#fault(`pages ${page} and on of a large value are damaged`)
      return
    }
    this.#large += pages
    this.#each(node, value.subarray(0, bytes), page * pageBytes + pageHeadBytes, writer)
  }
}

/** A value that has pages of its own; undefined if their head is damaged. */
export function readLarge(file: PageFile, large: NonNullable<Node['large']>): Buffer | undefined {
  const { page, pages, bytes } = large
  if (pages < pagesFor(bytes) || pages > file.pages) return undefined
  const head = file.read(page)
  if (head === undefined || numberOf(head) !== page || flagsOf(head) !== pageFlags.large) return undefined
  if (largePages(head) !== pages || writerOf(head) !== large.writer) return undefined
  return file.read(page, pages)?.subarray(pageHeadBytes)
}

const compareNumbers = (a: Buffer, b: Buffer) => wide(a, 0) - wide(b, 0)
