import type { Draft, DraftKind } from './draft.ts'

/** Counts of the uplink since its start. */
export class Counters {
  readonly sent = new Map<DraftKind, number>()
  readonly refusals = new Map<string, number>()
  acked = 0
  resent = 0
  pictures = 0
  bytes = 0

  /** Counts records, pictures and places, not messages. */
  add({ kind, numbers, payload }: Draft, again: boolean): void {
    const items = Math.max(1, numbers.length)
    this.sent.set(kind, (this.sent.get(kind) ?? 0) + items)
    if (again) this.resent += items
    this.bytes += payload.length
  }

  ack({ kind, numbers }: Draft): void {
    this.acked += numbers.length
    if (kind === 'snapshot') this.pictures++
  }

  refusal(code: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
  }
}
