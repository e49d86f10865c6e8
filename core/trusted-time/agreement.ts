import { stepMs } from './line.ts'

/** Most devices whose clocks are compared; more are not needed. */
const maxSources = 10_000
/** A single device may be wrong for the same reason as this machine. */
const leastAgreeing = 2
const leastShare = 2 / 3

/**
 * Judges whether most devices heard during a doubt agree with the system clock. They got no time from us during the
 * doubt, so their times come from their own clocks.
 */
export class Agreement {
  /** Offset of each device's newest time from the line. It stays the same as clock and line run on. */
  readonly #offsets = new Map<string, number>()

  /** `source` is a device, or the gateway that speaks for many. */
  heard(source: string, offsetMs: number): void {
    if (this.#offsets.size < maxSources || this.#offsets.has(source)) this.#offsets.set(source, offsetMs)
  }

  /** True if the devices agree with a clock at this offset from the line. */
  agreesWith(offsetMs: number): boolean {
    let agreeing = 0
    for (const own of this.#offsets.values()) if (Math.abs(own - offsetMs) <= stepMs) agreeing++
    return agreeing >= leastAgreeing && agreeing >= leastShare * this.#offsets.size
  }

  forget(): void {
    this.#offsets.clear()
  }
}
