import type { ClockFile } from '../../core/trusted-time/clock-file.ts'
import type { Line } from '../../core/trusted-time/line.ts'
import { createTimeReader } from '../../core/trusted-time/time-reader.ts'
import { createTimekeeper, type Timekeeper } from '../../core/trusted-time/timekeeper.ts'
import type { ClockView, TrustedTime } from '../../core/trusted-time/trusted-time.ts'

/** A machine whose time is set by the test: the true one, that of its clock, how long it is up, and its disk. */
export class Machine {
  trueAt: number
  /** What the clock is wrong by. */
  offMs = 0
  upMs = 1000
  boots = 1
  runningMs = 0
  /** By a time server, to the true time. */
  isSynchronized = false
  readonly told: ClockView[] = []
  readonly faults: unknown[] = []
  /** Each that was ever written: older ones can be put back. */
  readonly copies: Line[] = []
  disk: Line | undefined
  isDiskFull = false

  constructor(trueAt: number) {
    this.trueAt = trueAt
  }

  get systemAt(): number {
    return this.trueAt + this.offMs
  }

  readonly #file: ClockFile = {
    read: () => this.disk,
    write: async line => {
      if (this.isDiskFull) throw new Error('no space left')
      this.disk = line
      this.copies.push(line)
    },
  }

  readonly #parts = () => ({
    system: () => this.systemAt,
    running: { upMs: () => this.upMs, boot: `boot ${this.boots}` },
    file: this.#file,
  })

  /** A process that keeps the time; its looks are those that `pass` asks for. */
  keeper(witnessAt?: number): Timekeeper {
    return createTimekeeper({
      ...this.#parts(),
      witnessAt,
      confirmedAt: () => (this.isSynchronized ? this.systemAt : undefined),
      onChange: view => this.told.push(view),
      onFault: error => this.faults.push(error),
    })
  }

  reader(): TrustedTime {
    return createTimeReader(this.#parts())
  }

  pass(ms: number): void {
    this.trueAt += ms
    this.upMs += ms
    this.runningMs += ms
  }

  /** Without power for so long. */
  off(ms: number): void {
    this.trueAt += ms
    this.upMs = 500
    this.boots++
  }
}
