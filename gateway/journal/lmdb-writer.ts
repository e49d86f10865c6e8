import { randomBytes, randomUUID } from 'node:crypto'
import { damaged, isLmdbDamage } from '../../core/damage.ts'
import { codeOf, LintelError, messageOf } from '../../core/errors.ts'
import { Shares } from '../../core/shares.ts'
import type { Place } from '../../core/words.ts'
import {
  atOf,
  isLate,
  isOfAlarm,
  isRow,
  isSighting,
  isSkewed,
  markReused,
  receivedAtOf,
} from '../../devices/contract/record.ts'
import { blockCommittedAt, blockHeadBytes, blockIsWhole, epochBytes, sealBlock } from './block.ts'
import { contentBytes, FrameReader, frameBodyLengthAt, operation } from './frame.ts'
import { type AnswerWord, answerWords } from './group-commit.ts'
import {
  damagedRow,
  type JournalDatabases,
  journalFormat,
  type Meta,
  openDatabases,
  readableFormats,
  type Totals,
  tallyKey,
} from './lmdb-layout.ts'
import { noteAt } from './notes.ts'
import { countShares, openRemembered, type RememberedStats } from './remembered.ts'
import { addRow, newSums, stretchOf, sumsFromRow, sumsToRow } from './stretch.ts'
import { countsFromRow, countsToRow, newCounts, tallyAt } from './tally.ts'

export interface WriterOptions {
  directory: string
  /** Most remembered ids; beyond it the device that has most loses its oldest first. */
  maxRememberedIds: number
  /** Most parked items; beyond it the device that has most loses its oldest. */
  maxParked: number
  /** The places of the registry: records of formats 1 and 2 refer to them by its numbers. */
  registered: readonly Place[]
}

/** Devices and places that had no number before. */
export interface NewNumbers {
  readonly devices: readonly (readonly [device: string, number: number])[]
  readonly places: readonly (readonly [place: Place, number: number])[]
}

const answerCode = Object.fromEntries(answerWords.map((word, code) => [word, code])) as Record<
  AnswerWord,
  number
>

export interface Committed extends WriterStats {
  /** A code for each frame except notes and unparks, in order. */
  readonly outcomes: Uint8Array
}

export interface WriterStats extends RememberedStats {
  readonly end: number
  readonly records: number
  readonly bytes: number
  readonly parked: number
  /** Parked items that were dropped to make room. */
  readonly parkedDropped: number
}

/**
 * The writing side, synchronous: each call is one transaction, on disk when it returns, and undone as a whole if it
 * throws JOURNAL_COMMIT_FAILED. It runs in a thread of its own, because a commit waits for the disk. A record costs about
 * 3 µs: 2 of them to remember its id, 0.2 for its share of the block.
 */
export interface Writer {
  readonly id: string
  /** All devices and places that have a number. */
  numbered(): NewNumbers
  commit(frames: Buffer, count: number, added: NewNumbers, now: number): Committed
  trim(seq: number, before: number, maxBlocks: number): { freed: number; more: boolean } & WriterStats
  forget(now: number): WriterStats
  stats(): WriterStats
  close(): Promise<void>
}

export function openWriter({ directory, maxRememberedIds, maxParked, registered }: WriterOptions): Writer {
  const db = openDatabases(directory, false)
  db.root.readerCheck()
  const { id } = openMeta(db, registered)
  let totals = readTotals(db)
  const epoch = randomBytes(epochBytes).toString('hex')
  let isOpened = false
  const remembered = openRemembered(db.seen, db.share, maxRememberedIds)
  const counts = new Map<number, Float64Array>()
  const touched = new Set<number>()
  const sums = new Map<number, Float64Array>()
  /** The keys of parked items by device; read from disk again when they may be wrong. */
  let parkedShares: Shares<number> | undefined
  let block = Buffer.allocUnsafe(256 * 1024)

  /** Makes a change as a whole or not at all, on disk and in memory. */
  function transact<T>(change: () => T): T {
    const before = {
      ...totals,
      remembered: { ...totals.remembered },
      forgetting: { ...totals.forgetting },
    }
    const wasOpened = isOpened
    try {
      const result = db.root.transactionSync(() => {
        const result = change()
        db.meta.putSync('totals', totals)
        return result
      })
      remembered.done()
      return result
    } catch (error) {
      totals = before
      isOpened = wasOpened
      parkedShares = undefined
      remembered.undo()
      for (const key of touched) counts.delete(key)
      sums.clear()
      const cause = (error as { commitError?: Promise<unknown> }).commitError
      // lmdb rejects this promise, which nobody handles; it would end the process.
      cause?.catch(() => {})
      if (isLmdbDamage(error))
        throw damaged('JOURNAL_CORRUPT', `a page of the journal is damaged (${messageOf(error)})`)
      if (codeOf(error) === 'JOURNAL_CORRUPT') throw error
      throw new LintelError(
        'JOURNAL_COMMIT_FAILED',
        `the journal could not be written: ${messageOf(error)}`,
        { cause: error },
      )
    } finally {
      touched.clear()
    }
  }

  function countsAt(key: number): Float64Array {
    let row = counts.get(key)
    if (row === undefined) {
      const bytes = db.tally.getBinary(key)
      row = bytes === undefined ? newCounts() : countsFromRow(key, bytes)?.counts
      if (row === undefined) throw damagedRow('tally', key)
      counts.set(key, row)
    }
    touched.add(key)
    return row
  }

  function sumsAt(stretch: number): Float64Array {
    let row = sums.get(stretch)
    if (row === undefined) {
      const bytes = db.stretch.getBinary(stretch)
      row = bytes === undefined ? newSums() : sumsFromRow(stretch, bytes)?.sums
      if (row === undefined) throw damagedRow('stretch', stretch)
      sums.set(stretch, row)
    }
    return row
  }

  function addToStretch(body: Buffer, offset: number, seq: number): void {
    if (isRow(body, offset))
      addRow(sumsAt(stretchOf(seq)), seq, atOf(body, offset), receivedAtOf(body, offset))
  }

  /** Saves all sums. Only those of the current stretch can still change, so only those stay in memory. */
  function saveStretches(): void {
    for (const [stretch, row] of sums) db.stretch.putSync(stretch, sumsToRow(stretch, row, totals.end))
    const current = stretchOf(totals.end)
    for (const stretch of sums.keys()) if (stretch !== current) sums.delete(stretch)
  }

  function sharesOfParked(): Shares<number> {
    if (parkedShares !== undefined) return parkedShares
    parkedShares = new Shares()
    for (const { key, value } of db.parked.getRange()) {
      parkedShares.add(String((value as { device: number }).device), key)
    }
    return parkedShares
  }

  function park(frame: FrameReader): void {
    const shares = sharesOfParked()
    while (totals.parked >= maxParked) {
      const oldest = shares.takeFromLargest()
      if (oldest === undefined) break
      db.parked.removeSync(oldest)
      totals.parked--
      totals.parkedDropped++
    }
    db.parked.putSync(++totals.parkedKey, { device: frame.device, ...JSON.parse(frame.body.toString()) })
    shares.add(String(frame.device), totals.parkedKey)
    totals.parked++
  }

  /** False if there is no item with that key. */
  function removeParked(key: number): boolean {
    if (!db.parked.removeSync(key)) return false
    parkedShares?.remove(key)
    totals.parked--
    return true
  }

  /** A parked item that is replayed leaves the counts: it is then received again. */
  function unpark(frame: FrameReader): void {
    if (!removeParked(Number(frame.id))) return
    const row = countsAt(tallyKey(frame.device, frame.lane))
    row[tallyAt.received]!--
    row[tallyAt.parked]!--
  }

  function addNote(frame: FrameReader): void {
    const row = countsAt(tallyKey(frame.device, frame.lane))
    const note = frame.body
    row[tallyAt.received]! += note.readDoubleLE(noteAt.received)
    row[tallyAt.refused]! += note.readDoubleLE(noteAt.refused)
    row[tallyAt.personal]! += note.readDoubleLE(noteAt.personal)
    row[tallyAt.ignored]! += note.readDoubleLE(noteAt.ignored)
  }

  function commit(frames: Buffer, count: number, added: NewNumbers, now: number): Committed {
    const outcomes = new Uint8Array(count)
    transact(() => {
      for (const [device, number] of added.devices) db.device.putSync(device, number)
      for (const [place, number] of added.places) db.place.putSync(number, place)
      if (block.length < frames.length + blockHeadBytes)
        block = Buffer.allocUnsafe(2 * frames.length + blockHeadBytes)
      let length = blockHeadBytes
      let stored = 0
      let answered = 0
      const frame = new FrameReader(frames, 0, frames.length)
      remembered.begin(now, totals)
      while (frame.advance()) {
        switch (frame.operation) {
          case operation.append: {
            const row = countsAt(tallyKey(frame.device, frame.lane))
            const isOurs = isSighting(frames, frame.keyEnd)
            if (!isOurs) row[tallyAt.lastReceivedAt] = now
            const event = { content: frame.content, isOfAlarm: isOfAlarm(frames, frame.keyEnd) }
            const known = remembered.add(frame.key, event, frame.device, totals)
            if (known === 'same' || known === 'restamped') {
              if (!isOurs) row[tallyAt.duplicate]!++
              outcomes[answered++] = known === 'same' ? answerCode.duplicate : answerCode.restamped
              break
            }
            const at = length
            const end = frame.end - contentBytes
            length += frames.copy(block, length, frame.start, end)
            block.writeUInt16LE(end - frame.keyEnd, at + frameBodyLengthAt)
            addToStretch(frames, frame.keyEnd, totals.end + ++stored)
            row[isOurs ? tallyAt.sighted : tallyAt.stored]!++
            if (isLate(frames, frame.keyEnd)) row[tallyAt.late]!++
            if (isSkewed(frames, frame.keyEnd)) row[tallyAt.skewed]!++
            outcomes[answered++] = answerCode.stored
            if (known === 'new') break
            row[tallyAt.reused]!++
            markReused(block, at + frame.keyEnd - frame.start)
            outcomes[answered - 1] = answerCode.reused
            break
          }
          case operation.park:
            countsAt(tallyKey(frame.device, frame.lane))[tallyAt.parked]!++
            park(frame)
            outcomes[answered++] = answerCode.parked
            break
          case operation.unpark:
            unpark(frame)
            break
          case operation.note:
            addNote(frame)
            break
          case operation.dropParked: {
            const dropped = removeParked(Number(frame.id))
            outcomes[answered++] = dropped ? answerCode.dropped : answerCode.absent
          }
        }
      }
      if (stored > 0) {
        const sealed = block.subarray(0, length)
        const first = totals.end + 1
        if (!isOpened) db.opening.putSync(first, epoch)
        isOpened = true
        const { chain } = totals
        totals.chain = sealBlock(sealed, { count: stored, committedAt: now, first, chain, epoch })
        db.block.putSync(first, sealed)
        totals.end += stored
        totals.records += stored
        totals.bytes += length
        saveStretches()
      }
      remembered.settle(totals)
      for (const key of touched) db.tally.putSync(key, countsToRow(key, counts.get(key)!, totals.end))
    })
    return { outcomes, ...stats() }
  }

  function trim(seq: number, before: number, maxBlocks: number) {
    let freed = 0
    let more = false
    transact(() => {
      const behind: number[] = []
      let left = totals.records
      const blocks = [...db.block.getRange({ limit: maxBlocks + 1 })]
      for (const [index, { key, value }] of blocks.slice(0, maxBlocks).entries()) {
        // A damaged block is not trusted: it ends where the next begins, and counts as old.
        const next = blocks[index + 1]?.key ?? totals.end + 1
        if (next - 1 > seq || (blockIsWhole(value, key) && blockCommittedAt(value) >= before)) break
        behind.push(key)
        left = totals.end - next + 1
        totals.bytes -= value.length
      }
      more = behind.length === maxBlocks
      for (const key of behind) db.block.removeSync(key)
      // Counted by position, so that records that were lost before the first block go with it.
      freed = totals.records - left
      totals.records = left
    })
    return { freed, more, ...stats() }
  }

  function stats(): WriterStats {
    return {
      end: totals.end,
      records: totals.records,
      bytes: totals.bytes,
      parked: totals.parked,
      parkedDropped: totals.parkedDropped,
      ...remembered.stats(totals),
    }
  }

  return {
    id,
    numbered: () => ({
      devices: [...db.device.getRange()].map(({ key, value }) => [key, value]),
      places: [...db.place.getRange()].map(({ key, value }) => [value, key]),
    }),
    commit,
    trim,
    forget(now) {
      if (remembered.due(now, totals)) {
        transact(() => remembered.sweep(now, totals))
        // A reader that was killed pins the pages it saw, and the file grows: LMDB leaves it to us to free its slot.
        db.root.readerCheck()
      }
      return stats()
    },
    stats,
    close: () => db.root.close(),
  }
}

function openMeta(db: JournalDatabases, registered: readonly Place[]): Meta {
  const known = db.meta.get('journal') as Meta | undefined
  if (known === undefined) {
    const created: Meta = { format: journalFormat, id: randomUUID(), firstStretch: 0 }
    db.meta.putSync('journal', created)
    return created
  }
  if (!readableFormats.includes(known.format)) {
    throw new LintelError(
      'DATA_VERSION',
      `the journal has format ${known.format}, this version of lintel reads ${readableFormats.join(', ')}; run the version that wrote it, or move the directory away`,
    )
  }
  return known.format === journalFormat ? known : bringUp(db, known, registered)
}

/** Converts a journal of format 1 or 2: its records have the registry's numbers, and count as written in one epoch. */
function bringUp(db: JournalDatabases, known: Meta, registered: readonly Place[]): Meta {
  const { end } = readTotals(db)
  const firstStretch = end === 0 ? 0 : stretchOf(end) + 1
  const current: Meta = { ...known, format: journalFormat, firstStretch }
  db.root.transactionSync(() => {
    for (const place of registered) db.place.putSync(place.id, place)
    if (end > 0) db.opening.putSync(1, randomBytes(epochBytes).toString('hex'))
    db.meta.putSync('journal', current)
  })
  return current
}

function readTotals(db: JournalDatabases): Totals {
  const nothing = { end: 0, records: 0, bytes: 0, parkedKey: 0, parked: 0, parkedDropped: 0, chain: 0 }
  const forgetting = { horizon: 0, dead: 0, gaveWay: 0 }
  const empty: Totals = { ...nothing, remembered: {}, forgetting }
  const known = db.meta.get('totals') as Partial<Totals> | undefined
  if (known === undefined || known.forgetting !== undefined) return { ...empty, ...known }
  return db.root.transactionSync(() => {
    const counted = { ...empty, ...known, remembered: countShares(db.seen, db.share) }
    db.meta.putSync('totals', counted)
    return counted
  })
}
