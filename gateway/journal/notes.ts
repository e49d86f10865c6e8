import { type Batch, operation } from './frame.ts'
import type { Lane, Note } from './journal.ts'
import { tallyKey } from './lmdb-layout.ts'

const fields = ['received', 'refused', 'personal', 'ignored'] as const
/** The offset of each count in the body of a note: f64 in the machine's order, which is little-endian on all we run on. */
export const noteAt = { received: 0, refused: 8, personal: 16, ignored: 24 } as const

/** Counts that go out with the next commit: one sum for each device and lane, however many were noted. */
export class Notes {
  #sums = new Map<number, { device: number; lane: Lane; sum: Float64Array }>()

  get isEmpty(): boolean {
    return this.#sums.size === 0
  }

  add(device: number, lane: Lane, note: Note): void {
    const key = tallyKey(device, lane)
    let row = this.#sums.get(key)
    if (row === undefined) {
      row = { device, lane, sum: new Float64Array(fields.length) }
      this.#sums.set(key, row)
    }
    for (let i = 0; i < fields.length; i++) row.sum[i]! += note[fields[i]!] ?? 0
  }

  /** Writes the sums to the batch and starts again. `giveBack` restores them if the commit fails. */
  writeTo(batch: Batch): { giveBack(): void } {
    const written = this.#sums
    this.#sums = new Map()
    for (const { device, lane, sum } of written.values()) {
      batch.write(operation.note, device, lane, '', new Uint8Array(sum.buffer))
    }
    return {
      giveBack: () => {
        for (const { device, lane, sum } of written.values()) {
          this.add(device, lane, Object.fromEntries(fields.map((field, i) => [field, sum[i]])))
        }
      },
    }
  }
}
