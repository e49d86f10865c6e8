import type { Backoff } from '../../core/backoff.ts'
import { type Clock, minuteMs, secondMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { Command } from '../../devices/client/command.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import type { JournalReader } from '../journal/journal.ts'
import { placeOfPicture, type SnapshotReader } from '../snapshots/snapshots.ts'
import type { Book } from './book.ts'
import type { CentreJournal, CentreMark } from './centre.ts'
import { Counters } from './counters.ts'
import type { Draft } from './draft.ts'
import { Hold } from './hold.ts'
import { judgeRefusal } from './judge-refusal.ts'
import { createLink, type LinkOptions } from './link.ts'
import { placeDraft } from './messages.ts'
import { Outgoing } from './outgoing.ts'
import { PictureStream } from './picture-stream.ts'
import { Places } from './places.ts'
import { RecordStream, type RecordStreamLimits } from './record-stream.ts'
import { Scheduler } from './scheduler.ts'
import { TokenBucket } from './token-bucket.ts'
import { createTold } from './told.ts'
import type { UplinkStats } from './uplink-stats.ts'
import { windowUnder } from './window.ts'

export interface UplinkOptions
  extends Pick<LinkOptions, 'url' | 'account' | 'token' | 'tls' | 'backoff' | 'refusedBackoff'> {
  readonly maxBytesPerS?: number
  readonly holdBackoff?: Backoff
  readonly limits?: RecordStreamLimits
}

export interface UplinkParts {
  journal: JournalReader
  /** Absent if pictures stay here. */
  snapshots: SnapshotReader | undefined
  registry: Pick<Registry, 'remembered' | 'place'>
  book: Book
  clock: Clock
  random(): number
  onState: LinkOptions['onState']
  /** Called with what the centre says about its journal, and how far it had acked by then. */
  onCentre?: (centre: CentreJournal, reached: Pick<CentreMark, 'cursor' | 'pictures'>) => void
  counters?: Counters
  onFault(error: unknown): void
}

/** The interval at which the journal is checked for new records. */
const lookEveryMs = 25
/** The interval at which the pictures at rest are checked and the cursor is saved: this much may be sent twice after a crash. */
const saveEveryMs = 200
const maxClockOffMs = minuteMs
const defaultHoldBackoff = { firstMs: 5 * secondMs, maxMs: 5 * minuteMs }

/**
 * Carries the journal to the centre. Each message is acked once it is on the centre's disk. The cursor stays before the
 * oldest unacked one, so that a start after a crash sends again what may not have arrived, under the same ids.
 */
export function createUplink(options: UplinkOptions, parts: UplinkParts): Part & { stats(): UplinkStats } {
  const { journal, snapshots, book, clock, random, onFault } = parts
  const told = createTold(parts.registry)
  const { isTold } = told
  const hold = new Hold(options.holdBackoff ?? defaultHoldBackoff)
  const outgoing = new Outgoing(windowUnder(options.maxBytesPerS), clock, acked)
  const places = new Places((device, place) => placeDraft(place, told.ofDevice(device)))
  const records = new RecordStream({ journal, cursor: book.cursor(), isTold, onFault }, options.limits)
  const { passed, progress } = records
  const pictures =
    snapshots &&
    new PictureStream({
      snapshots,
      position: book.pictures(),
      end: () => journal.end(),
      cursor: () => progress.cursor,
      isTold,
      placeOf: picture => placeOfPicture(picture, parts.registry.place),
      onLoaded: () => run(),
      onFault,
    })
  const bucket = new TokenBucket(options.maxBytesPerS, clock())
  const { counters = new Counters() } = parts
  const scheduler = new Scheduler({ outgoing, places, records, pictures, bucket, clock, counters })
  let connected = false
  let sending = false
  let waiting: NodeJS.Timeout | undefined
  const timers: NodeJS.Timeout[] = []
  let saving: Promise<void> | undefined

  const link = createLink({
    ...options,
    clock,
    random,
    onReady(publish) {
      outgoing.up(publish)
      sending = true
      runIn(hold.waitMs(clock()))
    },
    onDown() {
      connected = false
      stopSending()
      outgoing.down()
      places.forget()
    },
    onCommand: heard,
    onState(state) {
      connected = state.state === 'online'
      parts.onState(state)
    },
  })

  function runIn(ms: number): void {
    clearTimeout(waiting)
    waiting = setTimeout(run, ms)
  }

  function run(): void {
    if (!sending || hold.waitMs(clock()) > 0) return
    const ms = scheduler.run()
    if (ms !== undefined) runIn(ms)
  }

  function stopSending(): void {
    sending = false
    clearTimeout(waiting)
  }

  function acked(draft: Draft): void {
    link.proven()
    hold.heard(draft.device, clock())
    counters.ack(draft)
    if (draft.kind === 'place') places.acked(draft)
    const stream = draft.kind === 'snapshot' ? pictures?.progress : progress
    for (const number of draft.numbers) stream?.done(number)
    run()
  }

  function heard(command: Command): void {
    if (command.type === 'time') checkClock(command.now)
    if (command.type === 'journal')
      parts.onCentre?.(command, { cursor: progress.cursor, pictures: pictures?.progress.cursor ?? 0 })
    if (command.type !== 'refusal') return
    counters.refusal(command.code)
    const { fault, holds } = judgeRefusal(command)
    const isNews = !(holds && hold.isOn)
    if (holds) {
      hold.refused(command.device, clock(), random())
      if (sending) runIn(hold.waitMs(clock()))
    }
    if (isNews) onFault(fault)
  }

  /** The centre takes what is reported with a wrong clock for wrong. */
  function checkClock(now: number): void {
    const offS = Math.round((clock() - now) / secondMs)
    if (Math.abs(offS) * secondMs <= maxClockOffMs) return
    const what = `the clock here is ${Math.abs(offS)} s ${offS > 0 ? 'ahead of' : 'behind'} that of the centre`
    onFault(new LintelError('UPLINK_CLOCK_WRONG', what))
  }

  function save(): Promise<void> {
    saving ??= saveNow()
      .catch(onFault)
      .finally(() => {
        saving = undefined
      })
    return saving
  }

  async function saveNow(): Promise<void> {
    const { cursor } = progress
    if (cursor > book.cursor()) {
      await book.pass(cursor, passed.countUpTo(cursor))
      passed.dropUpTo(cursor)
    }
    if (pictures !== undefined && pictures.progress.cursor > book.pictures())
      await book.passPictures(pictures.progress.cursor)
  }

  return {
    name: 'uplink',
    async start() {
      link.open()
      timers.push(
        setInterval(run, lookEveryMs),
        setInterval(() => {
          pictures?.look()
          save()
        }, saveEveryMs),
        setInterval(() => outgoing.isStuck() && link.cut('no PUBACK in time'), secondMs),
      )
    },
    async stop() {
      for (const timer of timers) clearInterval(timer)
      stopSending()
      await link.close(true)
      await saving
      await save()
    },
    stats(): UplinkStats {
      const { cursor } = progress
      const [oldest] = journal.read(cursor, 1).entries
      return {
        connected,
        refused: hold.isOn,
        lag: journal.end() - cursor,
        oldestAgeMs: oldest === undefined ? 0 : Math.max(0, clock() - oldest.record.receivedAt),
        unacked: outgoing.unackedItems,
        windowBytes: outgoing.window.bytes,
        untold: records.untold,
        picturesSkipped: pictures?.skipped ?? 0,
        counters,
      }
    },
  }
}
