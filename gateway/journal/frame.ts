import type { EventId } from '../../core/words.ts'
import { type EventRecord, encodeRecord, maxRecordBytes } from '../../devices/contract/record.ts'
import { contentOf } from './content.ts'
import type { Lane } from './journal.ts'

/**
 * A frame: u8 operation (+128 in the snapshot lane), u8 length of the id, u16 LE length of the body, u32 BE number of the
 * device, the id in Latin-1, the body. Device number and id are next to each other because both are the key under which
 * an id is remembered. A record on its way to the writing thread ends in its content (content.ts), u32 LE, which is not
 * written to disk with it.
 */
export const operation = { append: 1, park: 2, unpark: 3, note: 4, dropParked: 5 } as const
export type Operation = (typeof operation)[keyof typeof operation]

export const frameHeadBytes = 8
export const frameBodyLengthAt = 2
const snapshotLane = 128
/** The longest id that we make: of a status, with the gateway that reported it and the id that the gateway gave. */
const maxIdBytes = 144
export const maxParkedBytes = 8192
export const contentBytes = 4
const maxFrameBytes = frameHeadBytes + maxIdBytes + Math.max(maxRecordBytes + contentBytes, maxParkedBytes)

/** The frames of one commit, in a buffer that moves to the writing thread and back. */
export class Batch {
  #bytes: Buffer
  length = 0
  frames = 0

  constructor(buffer: ArrayBuffer) {
    this.#bytes = Buffer.from(buffer)
  }

  append(
    device: number,
    lane: Lane,
    { id, record, claimedAt }: { id: EventId; record: EventRecord; claimedAt?: number | undefined },
    place: number,
  ): void {
    const start = this.#begin(operation.append, device, lane, id)
    const end = encodeRecord(record, place, this.#bytes, this.length)
    this.#bytes.writeUInt32LE(contentOf(this.#bytes, this.length, end, claimedAt), end)
    this.#end(start, end + contentBytes)
  }

  write(kind: Operation, device: number, lane: Lane, id: string, body: Uint8Array): void {
    const start = this.#begin(kind, device, lane, id)
    this.#bytes.set(body, this.length)
    this.#end(start, this.length + body.byteLength)
  }

  /** The memory of the batch, to be moved; the batch cannot be used afterwards. */
  take(): ArrayBuffer {
    return this.#bytes.buffer as ArrayBuffer
  }

  #begin(kind: Operation, device: number, lane: Lane, id: string): number {
    if (this.#bytes.length - this.length < maxFrameBytes) this.#grow()
    const start = this.length
    this.#bytes[start] = lane === 'snapshot' ? kind + snapshotLane : kind
    this.#bytes[start + 1] = id.length
    this.#bytes.writeUInt32BE(device, start + 4)
    this.length = start + frameHeadBytes + this.#bytes.write(id, start + frameHeadBytes, 'latin1')
    return start
  }

  #end(start: number, end: number): void {
    this.#bytes.writeUInt16LE(end - this.length, start + frameBodyLengthAt)
    this.length = end
    this.frames++
  }

  #grow(): void {
    const larger = Buffer.from(new ArrayBuffer(this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}

/** A cursor over frames. It has the fields of the current frame, which saves an object for each. */
export class FrameReader {
  readonly bytes: Buffer
  readonly #limit: number
  #next: number
  operation: Operation = operation.append
  lane: Lane = 'event'
  start = 0
  keyEnd = 0
  end = 0

  constructor(bytes: Buffer, from: number, limit: number) {
    this.bytes = bytes
    this.#next = from
    this.#limit = limit
  }

  advance(): boolean {
    const start = this.#next
    if (start >= this.#limit) return false
    const code = this.bytes[start]!
    this.lane = code >= snapshotLane ? 'snapshot' : 'event'
    this.operation = (code % snapshotLane) as Operation
    this.start = start
    this.keyEnd = start + frameHeadBytes + this.bytes[start + 1]!
    this.end = this.keyEnd + this.bytes.readUInt16LE(start + frameBodyLengthAt)
    this.#next = this.end
    return true
  }

  get device(): number {
    return this.bytes.readUInt32BE(this.start + 4)
  }

  get id(): string {
    return this.bytes.toString('latin1', this.start + frameHeadBytes, this.keyEnd)
  }

  /** Device number and id: the key that identifies a duplicate. */
  get key(): Buffer {
    return this.bytes.subarray(this.start + 4, this.keyEnd)
  }

  /** The content of a record on its way to the writing thread. */
  get content(): number {
    return this.bytes.readUInt32LE(this.end - contentBytes)
  }

  get body(): Buffer {
    return this.bytes.subarray(this.keyEnd, this.end)
  }
}
