import { crc32 } from 'node:zlib'
import type { Epoch } from '../../core/history.ts'
import type { Seq } from '../../core/words.ts'

/**
 * A block, the journal's unit on disk, has what one commit stored: a head, then the append frames. Its key is the
 * position of its first record. It contains all that tells its place, so that blocks can be found and put in order
 * without the tree.
 *
 * | offset | head, little-endian |
 * |---|---|
 * | 0 | u32 CRC-32 of all that follows |
 * | 4 | u32 count of records; its highest bit is set, but not in formats 1 and 2 |
 * | 8 | f64 time of the commit, epoch ms |
 * | 16 | `LJB3` |
 * | 20 | u32 length of the block in bytes |
 * | 24 | f64 position of the first record |
 * | 32 | u32 CRC-32 of the block before, 0 if there was none |
 * | 36 | the epoch that wrote it, 8 bytes |
 *
 * In formats 1 and 2 the head ended after the time.
 */
export const blockHeadBytes = 44
const oldHeadBytes = 16
const isNewFlag = 0x8000_0000
export const blockMark = Buffer.from('LJB3', 'latin1')
export const blockMarkAt = 16
export const epochBytes = 8

export interface BlockHead {
  readonly count: number
  readonly committedAt: number
  readonly first: Seq
  /** CRC-32 of the block before. */
  readonly chain: number
  readonly epoch: Epoch
}

/** Fills in the head in front of the frames of a block. Returns its CRC-32. */
export function sealBlock(block: Buffer, { count, committedAt, first, chain, epoch }: BlockHead): number {
  block.writeUInt32LE((count | isNewFlag) >>> 0, 4)
  block.writeDoubleLE(committedAt, 8)
  blockMark.copy(block, blockMarkAt)
  block.writeUInt32LE(block.length, 20)
  block.writeDoubleLE(first, 24)
  block.writeUInt32LE(chain, 32)
  block.write(epoch, 36, epochBytes, 'hex')
  const crc = crc32(block.subarray(4))
  block.writeUInt32LE(crc, 0)
  return crc
}

const isNew = (block: Buffer) => block.readUInt32LE(4) >= isNewFlag

/** The offset of its frames. */
export const framesAt = (block: Buffer) => (isNew(block) ? blockHeadBytes : oldHeadBytes)
export const blockCount = (block: Buffer) => block.readUInt32LE(4) % isNewFlag
export const blockCommittedAt = (block: Buffer) => block.readDoubleLE(8)
export const blockCrc = (block: Buffer) => block.readUInt32LE(0)

/** True if the block is intact and belongs to the position under which it was found. */
export function blockIsWhole(block: Buffer, first: Seq): boolean {
  if (block.length < oldHeadBytes || crc32(block.subarray(4)) !== block.readUInt32LE(0)) return false
  if (!isNew(block)) return true
  return block.length === block.readUInt32LE(20) && block.readDoubleLE(24) === first
}

/** The head of a block of format 3 or later; undefined for an older one, which does not say where it belongs. */
export function blockHead(block: Buffer): BlockHead | undefined {
  if (block.length < blockHeadBytes || !isNew(block)) return undefined
  return {
    count: blockCount(block),
    committedAt: blockCommittedAt(block),
    first: block.readDoubleLE(24),
    chain: block.readUInt32LE(32),
    epoch: block.toString('hex', 36, 36 + epochBytes),
  }
}
