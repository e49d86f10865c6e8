import type { DeviceId, Seq } from '../../core/words.ts'

/** Whose the reported records are that the cursor has yet to pass, in order. */
export class Passed {
  #seqs: Seq[] = []
  #devices: DeviceId[] = []

  add(seq: Seq, device: DeviceId): void {
    this.#seqs.push(seq)
    this.#devices.push(device)
  }

  /** How many of each device lie up to `seq`. */
  countUpTo(seq: Seq): Map<DeviceId, number> {
    const counts = new Map<DeviceId, number>()
    for (let i = 0; i < this.#seqs.length && this.#seqs[i]! <= seq; i++) {
      const device = this.#devices[i]!
      counts.set(device, (counts.get(device) ?? 0) + 1)
    }
    return counts
  }

  /** They have been counted for good. */
  dropUpTo(seq: Seq): void {
    const behind = this.#seqs.findIndex(other => other > seq)
    const n = behind < 0 ? this.#seqs.length : behind
    this.#seqs.splice(0, n)
    this.#devices.splice(0, n)
  }
}
