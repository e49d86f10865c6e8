import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { secondMs } from '../clock.ts'

/** Time that no setting of a clock changes: how long this machine has been up, sleep included, and the id of this start. */
export interface RunningTime {
  /** Milliseconds since the machine was started; never steps back. */
  upMs(): number
  /**
   * Differs from one start of the machine to the next. If the system does not tell, it is the same for all: the line of
   * an earlier start is then carried on once the machine has been up longer, and lags behind the true time.
   */
  readonly boot: string
}

/** Asking the system takes 9 µs; in between, the time is advanced by performance.now(). */
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
