import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/**
 * Reads the file of an LMDB environment without LMDB, which trusts every byte of it: a damaged page makes LMDB crash the
 * process. All numbers are little-endian; layouts are those of `mdb.c` in the npm package `lmdb` 3.5.
 *
 * | bytes | head of a page |
 * |---|---|
 * | 0 | u64 its number |
 * | 8 | u64 the transaction that wrote it |
 * | 16 | u16 unused, u16 flags |
 * | 20 | u16 end of the pointers to nodes, u16 start of the nodes, both from the end of the head; u32 number of pages of a large value |
 */
export const pageHeadBytes = 24
export const pageBytes = 4096
export const pageFlags = { branch: 0x01, leaf: 0x02, large: 0x04, meta: 0x08 } as const

export interface PageFile {
  readonly bytes: number
  /** Whole pages in the file. */
  readonly pages: number
  /** Undefined if the file ends before. The caller owns the bytes. */
  read(page: number, count?: number): Buffer | undefined
  close(): void
}

export function openPageFile(path: string): PageFile {
  const file = openSync(path, 'r')
  const bytes = fstatSync(file).size
  const pages = Math.floor(bytes / pageBytes)
  return {
    bytes,
    pages,
    read(page, count = 1) {
      if (!(page >= 0 && count >= 1 && page + count <= pages)) return undefined
      const wanted = Buffer.allocUnsafe(count * pageBytes)
      for (let have = 0; have < wanted.length; ) {
        const got = readSync(file, wanted, have, wanted.length - have, page * pageBytes + have)
        if (got === 0) return undefined
        have += got
      }
      return wanted
    },
    close: () => closeSync(file),
  }
}

/** A 64-bit number of the format. In a damaged page it may be too large for an exact integer; it is then no valid page number. */
export const wide = (bytes: Buffer, at: number) =>
  bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32

export const numberOf = (page: Buffer) => wide(page, 0)
export const writerOf = (page: Buffer) => wide(page, 8)
export const flagsOf = (page: Buffer) => page.readUInt16LE(18)
export const largePages = (page: Buffer) => page.readUInt32LE(20)
export const pagesFor = (bytes: number) => Math.floor((pageHeadBytes - 1 + bytes) / pageBytes) + 1

/** LMDB's description of a tree of pages. */
export interface Tree {
  readonly flags: number
  /** The environment's page size in the tree of free pages, unused in others. */
  readonly pad: number
  readonly depth: number
  readonly branchPages: number
  readonly leafPages: number
  readonly largePages: number
  readonly entries: number
  /** The root page; undefined if the tree is empty. */
  readonly root: number | undefined
}

export const treeBytes = 48
const nowhere = 2 ** 64

export function readTree(bytes: Buffer, at = 0): Tree {
  const root = wide(bytes, at + 40)
  return {
    pad: bytes.readUInt32LE(at),
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branchPages: wide(bytes, at + 8),
    leafPages: wide(bytes, at + 16),
    largePages: wide(bytes, at + 24),
    entries: wide(bytes, at + 32),
    root: root === nowhere ? undefined : root,
  }
}

/** A key with its value, its child page in a branch, or the pages of its large value. */
export interface Node {
  readonly key: Buffer
  readonly value: Buffer
  readonly isTree: boolean
  readonly child: number
  readonly large: { readonly page: number; readonly writer: number; readonly pages: number; readonly bytes: number } | undefined
} // biome-ignore format: one line a member

const nodeHeadBytes = 8
const nodeFlags = { large: 0x01, tree: 0x02 } as const

/**
 * The nodes of a branch or leaf page; undefined if they are not packed as LMDB packs them, one next to the other up to
 * the end of the page. Two pointers to one node are not detected here but by comparing the keys.
 */
export function nodesOf(page: Buffer, kind: 'branch' | 'leaf'): Node[] | undefined {
  const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)]
  if (lower % 2 !== 0 || lower > upper || upper > pageBytes - pageHeadBytes) return undefined
  const nodes: Node[] = []
  let used = 0
  for (let at = pageHeadBytes; at < pageHeadBytes + lower; at += 2) {
    const start = pageHeadBytes + page.readUInt16LE(at)
    if (start < pageHeadBytes + upper || start % 2 !== 0 || start + nodeHeadBytes > pageBytes)
      return undefined
    const node = nodeAt(page, start, kind)
    if (node === undefined) return undefined
    used += node.length
    nodes.push(node.node)
  }
  return used === pageBytes - pageHeadBytes - upper ? nodes : undefined
}

function nodeAt(
  page: Buffer,
  start: number,
  kind: 'branch' | 'leaf',
): { node: Node; length: number } | undefined {
  const low = page.readUInt32LE(start)
  const flags = page.readUInt16LE(start + 4)
  const keyEnd = start + nodeHeadBytes + page.readUInt16LE(start + 6)
  if (keyEnd > pageBytes) return undefined
  const key = page.subarray(start + nodeHeadBytes, keyEnd)
  const even = (n: number) => n + (n % 2)
  if (kind === 'branch') {
    const node = {
      key,
      value: page.subarray(keyEnd, keyEnd),
      isTree: false,
      child: low + flags * 2 ** 32,
      large: undefined,
    }
    return { node, length: even(keyEnd - start) }
  }
  if ((flags & ~(nodeFlags.large | nodeFlags.tree)) !== 0) return undefined
  const isLarge = (flags & nodeFlags.large) !== 0
  const end = keyEnd + (isLarge ? pageHeadBytes : low)
  if (end > pageBytes) return undefined
  const value = page.subarray(keyEnd, end)
  const large = isLarge
    ? { page: wide(value, 0), writer: wide(value, 8), pages: wide(value, 16), bytes: low }
    : undefined
  const isTree = (flags & nodeFlags.tree) !== 0
  return { node: { key, value, isTree, child: 0, large }, length: even(end - start) }
}

/** The nodes of a damaged leaf, as far as they can be parsed. None of them can be trusted unchecked. */
export function looseNodesOf(page: Buffer): Node[] {
  const nodes: Node[] = []
  const end = Math.min(pageHeadBytes + page.readUInt16LE(20), pageBytes - 1)
  for (let at = pageHeadBytes; at < end; at += 2) {
    const start = pageHeadBytes + page.readUInt16LE(at)
    const found = start + nodeHeadBytes > pageBytes ? undefined : nodeAt(page, start, 'leaf')
    if (found !== undefined) nodes.push(found.node)
  }
  return nodes
}
