import { stepMs } from './line.ts'

/** Devices of which it is known how their clocks compare; more are not needed. */
const maxSources = 10_000
/** One device alone may be wrong by the same cause as we are. */
const leastAgreeing = 2
const leastShare = 2 / 3

/**
 * Whether most devices that were heard during a doubt have the same time as the system clock. They got none from us
 * while it was in doubt, so what they say is what their own clocks carried on.
 */
export class Agreement {
  /** How far the newest time of each device is from the line, which both leave as it is while they go on. */
  readonly #offsets = new Map<string, number>()

  /** `source` is a device, or the gateway that speaks for many. */
  heard(source: string, offsetMs: number): void {
    if (this.#offsets.size < maxSources || this.#offsets.has(source)) this.#offsets.set(source, offsetMs)
  }

  /** Whether they agree with a clock that is so far from the line. */
  agreesWith(offsetMs: number): boolean {
    let agreeing = 0
    for (const own of this.#offsets.values()) if (Math.abs(own - offsetMs) <= stepMs) agreeing++
    return agreeing >= leastAgreeing && agreeing >= leastShare * this.#offsets.size
  }

  forget(): void {
    this.#offsets.clear()
  }
}
