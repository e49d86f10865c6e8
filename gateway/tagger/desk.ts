import { backoffMs } from '../../core/backoff.ts'
import { secondMs } from '../../core/clock.ts'
import type { Cursors } from '../../core/cursors.ts'
import { LintelError } from '../../core/errors.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { DeviceId, Seq } from '../../core/words.ts'
import { eventOfRecordId } from '../../devices/contract/record-ids.ts'
import type { Entry, JournalReader } from '../journal/journal.ts'
import type { Attendance, Next } from './attendance.ts'
import { Backlog, type Sighted, type Waiting } from './backlog.ts'
import { Hands } from './hands.ts'
import type { Looker } from './looker.ts'
import type { RecentEvents } from './recent-events.ts'
import { taggerConsumer } from './settings.ts'

export interface DeskOptions {
  /** Most pictures that wait to be looked at, and as many to be redacted; beyond it they are thinned. */
  readonly maxBacklog: number
}

export interface DeskParts {
  journal: JournalReader
  cursors: Cursors
  recent: RecentEvents
  attendance: Attendance
  lookers: readonly Looker[]
  onFault: (error: unknown) => void
}

export interface DeskStats {
  /** Pictures that nobody has looked at yet. */
  readonly backlog: number
  /** Time of receipt of the oldest of them, epoch ms. */
  readonly oldestAt: number | undefined
  /** Pictures that were looked at but not redacted yet. */
  readonly toRedact: number
  /** Pictures in the hands of workers. */
  readonly inHand: number
}

const readRecords = 5000
/** Polls the journal every 5 ms: a picture waits 2.5 ms on average. After 5 s without one, polls every 20 ms to save CPU. */
const pollMs = 5
const quietPollMs = 20
const quietAfterMs = 5 * secondMs
const commitEveryMs = secondMs
const retry = { firstMs: 200, maxMs: 30 * secondMs }
/** For one worker: a picture in inference, one being decoded, one on its way there, and some whose sightings are being journaled. */
const looksInHand = 6
const redactionsInHand = 2
/** A worker looks at this many in a third of a second. */
const calmBacklog = 8

/**
 * Reads the journal for snapshots, puts them in order, and hands them to the workers. Pictures that were looked at wait
 * once more, to be redacted, which a busy worker does in the time that is left. The cursor stays before the oldest
 * picture that is not done with, so that these are taken up again after a crash: their sightings are then duplicates, and
 * pictures at rest stay as they are.
 */
export function createDesk(
  { maxBacklog }: DeskOptions,
  { journal, cursors, recent, attendance, lookers, onFault }: DeskParts,
): Part & { stats(): DeskStats } {
  const backlog = new Backlog(maxBacklog)
  const toRedact = new Backlog<Sighted>(maxBacklog)
  /** Pictures that are not done with, oldest first. */
  const open = new Map<Seq, Waiting>()
  const hands = new Map(lookers.map(looker => [looker, new Hands()]))
  let failures = 0
  let position = cursors.get(taggerConsumer)
  let running = false
  let loop: Promise<void> = Promise.resolve()
  let committing: Promise<void> | undefined
  let committedAt = Number.NEGATIVE_INFINITY

  const worthOfPicture = (picture: Waiting) => recent.of(picture)?.worth ?? 'telling'

  function accept({ seq, device, id, record }: Entry): void {
    if (record.kind === 'sighting') return
    if (record.kind !== 'snapshot') {
      const { worth } = recent.add({ device, event: id }, record)
      backlog.appraise({ device, event: id }, worth)
      return
    }
    const { place, receivedAt, data } = record
    const event = eventOfRecordId(id)
    const picture: Waiting = { seq, device, event, place, receivedAt, bytes: data.bytes, deaths: 0 }
    open.set(seq, picture)
    // A gateway says that it has covered faces and plates; pictures that rest here are covered here in any case.
    if (data.redacted === true) wantRedacted(picture)
    else for (const one of backlog.add(picture, worthOfPicture(picture))) thin(one)
  }

  /** Handles the result of a step. A step that fails, as on a disk with errors, is repeated by `again` after a pause. */
  async function follow(picture: Waiting, step: Promise<Next>, again: () => void): Promise<void> {
    try {
      const next = await step
      failures = 0
      if (next === 'done') open.delete(picture.seq)
      else if ('again' in next) backlog.giveBack(next.again, worthOfPicture(picture))
      else wantRedacted(next.redact)
    } catch (error) {
      if (!running) return
      onFault(error)
      setTimeout(() => running && again(), backoffMs(++failures, retry, Math.random())).unref()
    }
  }

  function thin(picture: Waiting): void {
    void follow(picture, attendance.thin(picture), () => thin(picture))
  }

  function forgo(picture: Sighted): void {
    void follow(picture, attendance.forgo(picture), () => forgo(picture))
  }

  function wantRedacted(picture: Sighted): void {
    for (const one of toRedact.add(picture, worthOfPicture(picture))) forgo(one)
  }

  async function handle(
    hand: Hands,
    kind: 'looks' | 'redactions',
    picture: Waiting,
    step: Promise<Next>,
    again: () => void,
  ): Promise<void> {
    hand.take(kind, picture)
    await follow(picture, step, again)
    hand.putDown(kind, picture)
    attendance.time.putDown(picture.device)
    if (running) dispatch()
  }

  /**
   * Counting goes before keeping: while pictures pile up to be looked at, only urgent ones are redacted. Pictures of a
   * device that has had its share do not count: they would keep the others from being redacted.
   */
  const isFirst = (device: DeviceId) => attendance.time.standing(device) === 'first'
  const isCalm = () => backlog.countOf(isFirst) <= calmBacklog * lookers.length
  const isUrgent = (picture: Waiting) => recent.of(picture)?.worth === 'urgent'

  function dispatch(): void {
    const { time } = attendance
    for (const [looker, hand] of hands) {
      while (looker.isReady && hand.looks < looksInHand) {
        const picture = backlog.take(waiting => hand.mayTake(waiting), time.standing)
        if (picture === undefined) break
        time.take(picture.device)
        const again = () => backlog.giveBack(picture, worthOfPicture(picture))
        void handle(hand, 'looks', picture, attendance.look(looker, picture), again)
      }
      while (looker.isReady && hand.redactions < redactionsInHand) {
        const picture = toRedact.take(
          waiting => hand.mayTake(waiting) && (isCalm() || isUrgent(waiting)),
          time.standing,
        )
        if (picture === undefined) break
        time.take(picture.device)
        const again = () => wantRedacted(picture)
        void handle(hand, 'redactions', picture, attendance.redact(looker, picture), again)
      }
    }
  }

  async function run(): Promise<void> {
    let newsAt = performance.now()
    while (running) {
      let isNews = false
      try {
        // Mostly there is nothing: a read would check the last block of the journal again.
        isNews = journal.end() > position
        if (isNews) {
          newsAt = performance.now()
          read()
        }
        dispatch()
        commitSometimes()
      } catch (error) {
        onFault(error)
        isNews = false
      }
      const isQuiet = performance.now() - newsAt > quietAfterMs
      // Waits even if there is more to read: the messages of the workers must be handled.
      await new Promise(resolve => setTimeout(resolve, isNews ? 0 : isQuiet ? quietPollMs : pollMs))
    }
  }

  function read(): void {
    const { entries, next, damaged } = journal.read(position, readRecords)
    if (damaged > 0) {
      const what = `${damaged} records before position ${next} could not be read back`
      onFault(new LintelError('JOURNAL_CORRUPT', what))
    }
    for (const entry of entries) accept(entry)
    position = next
  }

  function reached(): Seq {
    const [oldest] = open.keys()
    return oldest === undefined ? position : oldest - 1
  }

  function commitSometimes(): void {
    if (committing !== undefined || performance.now() - committedAt < commitEveryMs) return
    committedAt = performance.now()
    if (reached() <= cursors.get(taggerConsumer)) return
    committing = cursors.commit(taggerConsumer, reached()).catch(onFault)
    void committing.then(() => {
      committing = undefined
    })
  }

  return {
    name: 'desk',
    async start() {
      running = true
      loop = run()
    },
    async stop() {
      running = false
      await loop
      await committing
      await cursors.commit(taggerConsumer, reached())
    },
    stats: () => ({
      backlog: backlog.size,
      oldestAt: backlog.oldestAt,
      toRedact: toRedact.size,
      inHand: [...hands.values()].reduce((sum, { looks, redactions }) => sum + looks + redactions, 0),
    }),
  }
}
