export interface WindowLimits {
  readonly minBytes: number
  readonly maxBytes: number
  /** An ack within `quickMs` shows that there is room for more; one that takes longer than `slowMs`, that there is too much. */
  readonly quickMs: number
  readonly slowMs: number
}

const kiB = 1024
export const windowDefaults: WindowLimits = {
  minBytes: 32 * kiB,
  maxBytes: 4096 * kiB,
  quickMs: 500,
  slowMs: 2000,
}
const firstBytes = 256 * kiB
const minMessageBytes = 4 * kiB
const maxMessageBytes = 128 * kiB

/**
 * Limits the bytes that are on their way. On a good line there may be many, since each round trip counts; on a bad one
 * few, since urgent messages wait behind them in the socket, and an ack that comes too late ends the connection.
 */
export class Window {
  readonly #limits: WindowLimits
  #narrowedAt = Number.NEGATIVE_INFINITY
  bytes: number

  constructor(limits = windowDefaults) {
    this.#limits = limits
    this.bytes = Math.min(firstBytes, limits.maxBytes)
  }

  /** The longest message to make. */
  get messageBytes(): number {
    return Math.min(maxMessageBytes, Math.max(minMessageBytes, Math.floor(this.bytes / 8)))
  }

  acked(bytes: number, sentAt: number, now: number): void {
    const { minBytes, maxBytes, quickMs, slowMs } = this.#limits
    const tookMs = now - sentAt
    if (tookMs <= quickMs) this.bytes = Math.min(maxBytes, this.bytes + bytes)
    // Narrows once for all messages that were on their way together.
    else if (tookMs > slowMs && sentAt >= this.#narrowedAt) {
      this.bytes = Math.max(minBytes, Math.floor(this.bytes / 2))
      this.#narrowedAt = now
    }
  }

  /** Call it for a new connection, which may be another line. */
  narrow(): void {
    this.bytes = Math.max(this.#limits.minBytes, Math.min(firstBytes, Math.floor(this.bytes / 2)))
  }
}

/** With a cap on bytes, at most two seconds' worth is on its way, so that messages are small and urgent ones wait little. */
export function windowUnder(maxBytesPerS: number | undefined): Window {
  const { minBytes, maxBytes } = windowDefaults
  if (maxBytesPerS === undefined) return new Window()
  return new Window({ ...windowDefaults, maxBytes: Math.min(maxBytes, Math.max(minBytes, 2 * maxBytesPerS)) })
}
