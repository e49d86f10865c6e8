import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { secondMs } from '../clock.ts'

/** Time that no clock sets: how long this machine has been up, sleep included, and which of its starts this is. */
export interface RunningTime {
  /** Milliseconds since the machine was started; never steps back. */
  upMs(): number
  /**
   * Differs from one start of the machine to the next. Where the system does not say, it is the same for all: then the
   * line goes on from an earlier start once the machine has been up longer, and lags behind the truth.
   */
  readonly boot: string
}

/** Asking the system takes 9 µs, so in between the time is counted on. */
const askEveryMs = 20

export function systemRunningTime(): RunningTime {
  let askedAt = Number.NEGATIVE_INFINITY
  let answer = 0
  let latest = 0
  return {
    boot: bootId(),
    upMs() {
      const now = performance.now()
      if (now < askedAt || now - askedAt > askEveryMs) {
        askedAt = now
        answer = uptime() * secondMs
      }
      latest = Math.max(latest, answer + now - askedAt)
      return latest
    },
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'any'
  }
}
