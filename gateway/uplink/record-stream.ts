import { LintelError } from '../../core/errors.ts'
import type { DeviceId, Seq } from '../../core/words.ts'
import { reportedKinds } from '../../devices/contract/kinds.ts'
import { isUrgent } from '../../devices/contract/urgent.ts'
import type { Entry, JournalReader } from '../journal/journal.ts'
import type { Draft, IsAnnounced } from './draft.ts'
import { Lots } from './lots.ts'
import { Passed } from './passed.ts'
import { Progress } from './progress.ts'

export interface RecordStreamLimits {
  /** Records read at a time, to look for what is urgent and to send. */
  readonly scanBatch: number
  readonly batch: number
  /** Urgent records that wait to be sent; beyond it nothing further is looked for until some have gone. */
  readonly maxUrgent: number
  /** Records sent before their turn that are remembered; beyond it the backlog has to catch up first. */
  readonly maxAhead: number
  /** Records between the first that is not acked and the last that was read. */
  readonly maxSpan: number
}

export const recordStreamDefaults: RecordStreamLimits = {
  scanBatch: 5000,
  batch: 10_000,
  maxUrgent: 5000,
  maxAhead: 100_000,
  maxSpan: 100_000,
}

export interface RecordStreamParts {
  journal: JournalReader
  /** Everything up to it is done with. */
  cursor: Seq
  /** Whether the centre is told of the device: not of a gateway. */
  isTold(device: DeviceId): boolean
  onFault(error: unknown): void
}

const reported = new Set<string>(reportedKinds)

/**
 * The journal behind the cursor as messages: what is urgent first, wherever it lies, then all else in order.
 * Two readers go over it: one looks ahead for what is urgent, the other follows and never overtakes it.
 */
export class RecordStream {
  readonly progress: Progress
  readonly passed = new Passed()
  readonly #parts: RecordStreamParts
  readonly #limits: RecordStreamLimits
  readonly #urgent = new Lots(true)
  readonly #turn = new Lots(false)
  /** Behind what else was read with them: they follow from it, and lie between its events. */
  readonly #sightings = new Lots(false)
  #scanned: Seq
  untold = 0

  constructor(parts: RecordStreamParts, limits = recordStreamDefaults) {
    this.#parts = parts
    this.#limits = limits
    this.progress = new Progress(parts.cursor)
    this.#scanned = parts.cursor
  }

  /** Looks further for what is urgent; whether there is more to look at now. */
  scan(): boolean {
    const { scanBatch, maxUrgent, maxAhead } = this.#limits
    if (this.#urgent.size >= maxUrgent || this.progress.ahead >= maxAhead) return false
    // Most of the time there is nothing: a read would check the last block of the journal again.
    if (this.#parts.journal.end() <= this.#scanned) return false
    const { entries, next } = this.#parts.journal.read(this.#scanned, scanBatch)
    for (const entry of entries) {
      if (!isUrgent(entry.record) || !this.#parts.isTold(entry.device)) continue
      this.progress.goAhead(entry.seq)
      this.#urgent.add(entry)
    }
    this.#scanned = next
    return entries.length === scanBatch
  }

  nextUrgent(isAnnounced: IsAnnounced, maxBytes: number): Draft | undefined {
    return this.#urgent.take(isAnnounced, maxBytes)
  }

  nextInTurn(isAnnounced: IsAnnounced, maxBytes: number): Draft | undefined {
    if (this.#turn.size === 0 && this.#sightings.size === 0) this.#read()
    if (this.#turn.size > 0) return this.#turn.take(isAnnounced, maxBytes)
    return this.#sightings.take(isAnnounced, maxBytes)
  }

  /** They are in order, and every one has its turn here, sent or not. */
  #read(): void {
    const { progress } = this
    const { batch, maxSpan } = this.#limits
    const limit = Math.min(batch, this.#scanned - progress.position)
    if (limit === 0 || progress.position - progress.cursor >= maxSpan) return
    const { entries, next, damaged } = this.#parts.journal.read(progress.position, limit)
    if (damaged > 0) {
      const what = `${damaged} records before position ${next} could not be read back, and are not sent`
      this.#parts.onFault(new LintelError('JOURNAL_CORRUPT', what))
    }
    for (const entry of entries) this.#meet(entry)
    progress.moveTo(next)
    this.#scanned = Math.max(this.#scanned, next)
  }

  #meet(entry: Entry): void {
    const { seq, device, record } = entry
    if (record.kind === 'snapshot') return
    if (reported.has(record.kind)) this.passed.add(seq, device)
    if (!this.#parts.isTold(device)) this.untold++
    else if (this.progress.meet(seq)) (record.kind === 'sighting' ? this.#sightings : this.#turn).add(entry)
  }
}
