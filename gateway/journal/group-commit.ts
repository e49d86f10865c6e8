import { Durations } from '../../core/durations.ts'
import { Batch } from './frame.ts'
import type { Outcome } from './journal.ts'

/** Makes the batch durable. Resolves to an outcome code for each frame that is answered, and the memory to use again. */
export type Commit = (batch: Batch, waiting: number) => Promise<{ outcomes: Uint8Array; memory: ArrayBuffer }>

/** The answers to a frame; positions are the codes. */
export const answerWords = [
  '',
  'stored',
  'duplicate',
  'parked',
  'dropped',
  'absent',
  'reused',
  'restamped',
] as const
export type AnswerWord = Outcome | 'dropped' | 'absent'

interface Waiter {
  readonly count: number
  /** The start of the wait, by `performance.now`. */
  readonly since: number
  readonly settle: (answers: AnswerWord[]) => void
  readonly fail: (error: unknown) => void
}

const batchBytes = 256 * 1024
const maxSpare = 4
/** One commit waits for the disk while the next is being filled and a third is on its way: the disk never idles. */
const maxCommitting = 2

/**
 * Gathers what arrives while a commit is under way into the next one: one flush of the disk serves hundreds of acks under
 * load, and a lone record waits for nobody. Its queue: frames not yet committed, at most `maxPendingBytes`; beyond it
 * `isFull` is true and callers refuse.
 */
export class GroupCommit {
  readonly #commit: Commit
  readonly #maxPendingBytes: number
  readonly #spare: ArrayBuffer[] = []
  #batch: Batch
  #waiters: Waiter[] = []
  #answers = 0
  #committing = 0
  #committingBytes = 0
  #scheduled = false
  #forced = false
  #idle: (() => void)[] = []
  /** `commits`: from the sending of a batch until it is durable. `appends`: from an append until then. */
  readonly commits = new Durations()
  readonly appends = new Durations()

  constructor(commit: Commit, maxPendingBytes: number) {
    this.#commit = commit
    this.#maxPendingBytes = maxPendingBytes
    this.#batch = new Batch(new ArrayBuffer(batchBytes))
  }

  get pendingBytes(): number {
    return this.#committingBytes + this.#batch.length
  }

  get isFull(): boolean {
    return this.pendingBytes >= this.#maxPendingBytes
  }

  /** The batch to write frames to within this turn. Call `wait` afterwards for the frames that are answered. */
  get batch(): Batch {
    this.#schedule()
    return this.#batch
  }

  wait(waiter: Waiter): void {
    this.#waiters.push(waiter)
    this.#answers += waiter.count
  }

  /** Commits soon even if no frame waits, for frames that the commit itself adds to a batch. */
  push(): void {
    this.#forced = true
    this.#schedule()
  }

  /** Resolves when nothing is pending. */
  async flushed(): Promise<void> {
    if (this.#isIdle) return
    await new Promise<void>(resolve => this.#idle.push(resolve))
  }

  get #wantsCommit(): boolean {
    return this.#forced || this.#batch.frames > 0
  }

  get #isIdle(): boolean {
    return this.#committing === 0 && !this.#wantsCommit
  }

  #schedule(): void {
    if (this.#scheduled || this.#committing >= maxCommitting) return
    this.#scheduled = true
    // After the sockets of this turn have been read, so that they share one commit.
    setImmediate(() => {
      this.#scheduled = false
      this.#send()
    })
  }

  #send(): void {
    const batch = this.#batch
    const waiters = this.#waiters
    if (!this.#wantsCommit || this.#committing >= maxCommitting) return
    this.#forced = false
    this.#batch = new Batch(this.#spare.pop() ?? new ArrayBuffer(batchBytes))
    this.#waiters = []
    const answers = this.#answers
    this.#answers = 0
    this.#committing++
    const bytes = batch.length
    this.#committingBytes += bytes
    const sentAt = performance.now()
    const done = () => {
      this.#committing--
      this.#committingBytes -= bytes
      if (this.#wantsCommit) this.#send()
      if (this.#isIdle) for (const resolve of this.#idle.splice(0)) resolve()
    }
    this.#commit(batch, answers).then(
      ({ outcomes, memory }) => {
        const now = performance.now()
        this.commits.observe(now - sentAt)
        for (const { since } of waiters) this.appends.observe(now - since)
        if (this.#spare.length < maxSpare) this.#spare.push(memory)
        done()
        this.#settle(waiters, outcomes)
      },
      error => {
        done()
        for (const waiter of waiters) waiter.fail(error)
      },
    )
  }

  #settle(waiters: readonly Waiter[], outcomes: Uint8Array): void {
    let next = 0
    for (const waiter of waiters) {
      const answers: AnswerWord[] = []
      for (let i = 0; i < waiter.count; i++) answers.push(answerWords[outcomes[next++]!] as AnswerWord)
      waiter.settle(answers)
    }
  }
}
