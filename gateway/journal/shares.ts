import type { Database } from 'lmdb'
import { sealBytes, unsealBytes } from '../../core/sealed.ts'
import { damagedRow } from './lmdb-layout.ts'

/** Ids of one device that were stored on one day. A lap is a part of a day that had very many. */
interface Segment {
  readonly day: number
  readonly lap: number
  ids: number
}

/** The remembered ids of one device, in order of arrival. */
export interface Share {
  ids: number
  segments: Segment[]
  /** Its ids up to here, inclusive, are forgotten; a day before all others if none are. */
  gone: { readonly day: number; readonly lap: number }
}

const headBytes = 4
const segmentBytes = 8

/**
 * Numbers of remembered ids by device and day. They are in memory, and on disk with the commit that changes them: a row
 * has 4 bytes for what is forgotten (u16 day, u16 lap), 8 for each segment (u16 day, u16 lap, u32 ids), and a checksum,
 * which the first rows lacked.
 */
export class Shares {
  readonly #table: Database<Buffer, number>
  readonly #known = new Map<number, Share>()
  readonly #changed = new Set<number>()

  constructor(table: Database<Buffer, number>) {
    this.#table = table
    for (const { key, value } of table.getRange()) this.#known.set(key, opened(key, value))
  }

  get(device: number): Share | undefined {
    return this.#known.get(device)
  }

  /** The share of a device that is about to change. */
  touch(device: number): Share {
    let share = this.#known.get(device)
    if (share === undefined) {
      share = { ids: 0, segments: [], gone: { day: 0, lap: -1 } }
      this.#known.set(device, share)
    }
    this.#changed.add(device)
    return share
  }

  all(): Iterable<readonly [device: number, share: Share]> {
    return this.#known
  }

  /** Call it within the transaction that changed them. */
  save(): void {
    for (const device of this.#changed)
      this.#table.putSync(device, sealBytes('share', device, encode(this.#known.get(device)!)))
  }

  saved(): void {
    this.#changed.clear()
  }

  /** Restores the shares from disk: the transaction has failed. */
  undo(): void {
    for (const device of this.#changed) {
      const value = this.#table.getBinary(device)
      if (value === undefined) this.#known.delete(device)
      else this.#known.set(device, opened(device, Buffer.from(value)))
    }
    this.#changed.clear()
  }
}

function opened(device: number, row: Buffer): Share {
  const share = readShare(device, row)
  if (share === undefined) throw damagedRow('share', device)
  return share
}

/** Undefined for a corrupt row. */
export function readShare(device: number, row: Buffer): Share | undefined {
  const isSealed = row.length % segmentBytes === 0
  const bytes = isSealed ? unsealBytes('share', device, row) : row
  return bytes === undefined || bytes.length % segmentBytes !== headBytes ? undefined : decode(bytes)
}

function encode({ segments, gone }: Share): Buffer {
  const row = Buffer.allocUnsafe(headBytes + segments.length * segmentBytes)
  row.writeUInt16LE(gone.day, 0)
  row.writeUInt16LE(gone.lap + 1, 2)
  let at = headBytes
  for (const { day, lap, ids } of segments) {
    row.writeUInt16LE(day, at)
    row.writeUInt16LE(lap, at + 2)
    row.writeUInt32LE(ids, at + 4)
    at += segmentBytes
  }
  return row
}

function decode(row: Buffer): Share {
  const segments: Segment[] = []
  let sum = 0
  for (let at = headBytes; at < row.length; at += segmentBytes) {
    const ids = row.readUInt32LE(at + 4)
    segments.push({ day: row.readUInt16LE(at), lap: row.readUInt16LE(at + 2), ids })
    sum += ids
  }
  return { ids: sum, segments, gone: { day: row.readUInt16LE(0), lap: row.readUInt16LE(2) - 1 } }
}
