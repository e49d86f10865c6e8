import type { Clock } from '../../core/clock.ts'
import type { Counters } from './counters.ts'
import type { Draft } from './draft.ts'
import type { Outgoing } from './outgoing.ts'
import type { PictureStream } from './picture-stream.ts'
import type { Places } from './places.ts'
import type { RecordStream } from './record-stream.ts'
import type { TokenBucket } from './token-bucket.ts'

export interface SchedulerParts {
  outgoing: Outgoing
  places: Places
  records: RecordStream
  /** Absent if pictures stay here. */
  pictures: PictureStream | undefined
  bucket: TokenBucket
  clock: Clock
  counters: Counters
}

/**
 * Decides what goes next: urgent messages, whatever the cap says; then messages to be sent again, records in order, and
 * pictures last. While a backlog is searched for urgent records, nothing else goes.
 */
export class Scheduler {
  readonly #parts: SchedulerParts
  #searching = true

  constructor(parts: SchedulerParts) {
    this.#parts = parts
  }

  /** Looks for new records, and sends what may go. Returns the ms to wait before more may go, 0 to go on at once. */
  run(): number | undefined {
    const { records, bucket, clock } = this.#parts
    this.#searching = records.scan()
    while (this.#sendUrgent() || this.#sendPaced());
    if (this.#searching) return 0
    const waitMs = bucket.waitMs(clock())
    return waitMs > 0 ? waitMs : undefined
  }

  #sendUrgent(): boolean {
    const { outgoing, places, records } = this.#parts
    if (!outgoing.hasRoom(true)) return false
    const { isAnnounced } = places
    const again = outgoing.nextAgain(true, isAnnounced)
    const draft = again ?? records.nextUrgent(isAnnounced, outgoing.window.messageBytes) ?? places.next()
    return this.#send(draft, again !== undefined)
  }

  #sendPaced(): boolean {
    const { outgoing, places, bucket, clock } = this.#parts
    if (!outgoing.hasRoom(false) || bucket.waitMs(clock()) > 0) return false
    const again = outgoing.nextAgain(false, places.isAnnounced)
    const isBlocked = outgoing.waitsAgain(false) || this.#searching
    const draft = again ?? (isBlocked ? undefined : this.#nextInTurn())
    // A message that could not go because its place is not known has just asked for that place.
    return this.#send(draft ?? places.next(), again !== undefined)
  }

  #nextInTurn(): Draft | undefined {
    const { outgoing, places, records, pictures } = this.#parts
    const { isAnnounced } = places
    return records.nextInTurn(isAnnounced, outgoing.window.messageBytes) ?? pictures?.next(isAnnounced)
  }

  #send(draft: Draft | undefined, again: boolean): boolean {
    if (draft === undefined) return false
    const { outgoing, bucket, clock, counters } = this.#parts
    counters.add(draft, again)
    bucket.spend(draft.payload.length, clock())
    outgoing.send(draft)
    return true
  }
}
