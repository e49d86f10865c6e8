import type { DeviceId, Seq } from '../../core/words.ts'

/** The devices of the reported records that the cursor has yet to pass, in order. */
export class Passed {
  #seqs: Seq[] = []
  #devices: DeviceId[] = []

  add(seq: Seq, device: DeviceId): void {
    this.#seqs.push(seq)
    this.#devices.push(device)
  }

  /** Number of these records up to `seq`, by device. */
  countUpTo(seq: Seq): Map<DeviceId, number> {
    const counts = new Map<DeviceId, number>()
    for (let i = 0; i < this.#seqs.length && this.#seqs[i]! <= seq; i++) {
      const device = this.#devices[i]!
      counts.set(device, (counts.get(device) ?? 0) + 1)
    }
    return counts
  }

  /** Removes records that have been counted durably. */
  dropUpTo(seq: Seq): void {
    const behind = this.#seqs.findIndex(other => other > seq)
    const n = behind < 0 ? this.#seqs.length : behind
    this.#seqs.splice(0, n)
    this.#devices.splice(0, n)
  }
}
