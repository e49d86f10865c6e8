import { LintelError } from '../../core/errors.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { DeviceId, Seq } from '../../core/words.ts'
import type { JournalReader } from '../journal/journal.ts'
import { type CentreJournal, type CentreMark, judgeCentre, markOf } from './centre.ts'
import { Counters } from './counters.ts'
import { createUplink, type UplinkOptions, type UplinkParts } from './uplink.ts'
import type { UplinkStats } from './uplink-stats.ts'

/**
 * An uplink that notices when its centre no longer has what it acked, because it was restored from a copy or lost its
 * journal. It then sends again what is still here; the centre knows by the ids what it has. It also notices when the
 * journal here is an older copy, and begins its counts again.
 */
export function createFaithfulUplink(
  options: UplinkOptions,
  parts: Omit<UplinkParts, 'onCentre' | 'counters'>,
): Part & { stats(): UplinkStats } {
  const { journal, snapshots, book, onFault } = parts
  const counters = new Counters()
  let stopped = false
  /** One thing at a time: marks are saved and uplinks exchanged in the order of the centre's messages. */
  let queue: Promise<void> = Promise.resolve()
  let current = open()

  function open() {
    return createUplink(options, { ...parts, counters, onCentre: heard })
  }

  function heard(said: CentreJournal, reached: Pick<CentreMark, 'cursor' | 'pictures'>): void {
    queue = queue.then(() => follow(said, reached)).catch(onFault)
  }

  async function follow(
    said: CentreJournal,
    reached: Pick<CentreMark, 'cursor' | 'pictures'>,
  ): Promise<void> {
    const mark = book.mark()
    const verdict = judgeCentre(mark, said)
    if (verdict === 'new' || verdict === 'same') return book.keepMark(markOf(said, reached))
    const from =
      verdict === 'restarted'
        ? { cursor: mark!.cursor, pictures: mark!.pictures }
        : { cursor: journal.freedUpTo(), pictures: picturesBehind(journal.freedUpTo()) }
    const back = {
      cursor: Math.min(from.cursor, book.cursor()),
      pictures: Math.min(from.pictures, book.pictures()),
    }
    const goesBack = back.cursor < reached.cursor || back.pictures < reached.pictures
    if (verdict === 'replaced') tell(back.cursor)
    if (goesBack) await begin(back)
    await book.keepMark(markOf(said, back))
  }

  /** Starts a new uplink that goes on from there. */
  async function begin({ cursor, pictures }: Pick<CentreMark, 'cursor' | 'pictures'>): Promise<void> {
    await current.stop()
    await book.setBack({ cursor, pictures }, countsUpTo(journal, cursor))
    if (stopped) return
    current = open()
    await current.start?.()
  }

  function tell(cursor: Seq): void {
    const lost =
      cursor === 0
        ? ''
        : ` The records up to position ${cursor} are not here any more: they may be missing there.`
    const what = `the centre no longer has what it acked: it was restored from a copy, or lost its journal. Everything that is still here is sent again.${lost}`
    onFault(new LintelError('UPLINK_CENTRE_REPLACED', what))
  }

  /** The position behind which the pictures of the remaining records lie. */
  function picturesBehind(cursor: Seq): number {
    const [oldest] = journal.read(cursor, 1).entries
    if (snapshots === undefined || oldest === undefined) return book.pictures()
    const since = oldest.record.receivedAt
    let last = 0
    for (;;) {
      const page = snapshots.after(last, 1000)
      const behind = page.find(({ restedAt }) => restedAt >= since)
      if (behind !== undefined) return behind.position - 1
      if (page.length === 0) return last
      last = page.at(-1)!.position
    }
  }

  return {
    name: 'uplink',
    async start() {
      if (book.isForked()) {
        const cursor = book.cursor()
        await book.setBack({ cursor, pictures: book.pictures() }, countsUpTo(journal, cursor))
        const what = `the journal here was replaced by an older copy of itself: what comes after position ${cursor} is sent as new`
        onFault(new LintelError('JOURNAL_FORKED', what))
        current = open()
      }
      await current.start?.()
    },
    async stop() {
      stopped = true
      await queue
      await current.stop()
    },
    stats: () => current.stats(),
  }
}

/** Number of reported records of each device up to a position: as many as were passed on. */
function countsUpTo(journal: JournalReader, cursor: Seq): ReadonlyMap<DeviceId, number> {
  const { tallies, queued } = journal.audit(cursor)
  return new Map(
    [...tallies].map(([device, { event }]) => [device, event.stored - (queued.get(device) ?? 0)]),
  )
}
