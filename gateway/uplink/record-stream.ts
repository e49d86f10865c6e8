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
  /** Records read at a time: `scanBatch` to look for urgent ones, `batch` to send. */
  readonly scanBatch: number
  readonly batch: number
  /** Most urgent records that wait to be sent; beyond it no more are looked for until some have gone. */
  readonly maxUrgent: number
  /** Most records sent before their turn that are remembered; beyond it the backlog has to catch up first. */
  readonly maxAhead: number
  /** Most records between the first unacked one and the last one read. */
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
  /** Everything up to it is done. */
  cursor: Seq
  /** True if the centre is told about the device; false for a gateway. */
  isTold(device: DeviceId): boolean
  onFault(error: unknown): void
}

const reported = new Set<string>(reportedKinds)

/**
 * The journal behind the cursor as messages: urgent records first, wherever they lie, then all others in order. Two
 * readers go over it: one looks ahead for urgent records, the other follows and never overtakes it.
 */
export class RecordStream {
  readonly progress: Progress
  readonly passed = new Passed()
  readonly #parts: RecordStreamParts
  readonly #limits: RecordStreamLimits
  readonly #urgent = new Lots(true)
  readonly #turn = new Lots(false)
  /** Sent after the other records that were read with them: sightings follow from events, and lie between them. */
  readonly #sightings = new Lots(false)
  #scanned: Seq
  untold = 0

  constructor(parts: RecordStreamParts, limits = recordStreamDefaults) {
    this.#parts = parts
    this.#limits = limits
    this.progress = new Progress(parts.cursor)
    this.#scanned = parts.cursor
  }

  /** Looks further for urgent records. True if there is more to look at now. */
  scan(): boolean {
    const { scanBatch, maxUrgent, maxAhead } = this.#limits
    if (this.#urgent.size >= maxUrgent || this.progress.ahead >= maxAhead) return false
    // Mostly there is nothing: a read would check the last block of the journal again.
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

  /** Reads records in order. Each has its turn here, whether it is sent or not. */
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
