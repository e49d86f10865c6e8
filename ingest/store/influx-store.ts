import type { Clock } from '../../core/clock.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import type { DeviceId, Seq } from '../../core/words.ts'
import { reportedKinds } from '../../devices/contract/kinds.ts'
import { cellStatements, createGathering } from './influx-cells.ts'
import { type Branch, createInfluxJournals, epochLine } from './influx-journals.ts'
import { createLines, positionLine } from './influx-lines.ts'
import { literal } from './influx-names.ts'
import { createNote } from './influx-notes.ts'
import { createRejects, type RejectedLine } from './influx-rejects.ts'
import { createInfluxExpiry } from './influx-retention.ts'
import { scanInflux } from './influx-scan.ts'
import { createInfluxServer } from './influx-server.ts'
import type { InfluxSettings } from './influx-settings.ts'
import { createInfluxStats } from './influx-stats.ts'
import { summarySource } from './influx-summaries.ts'
import { createSumming, type SplitQuery } from './influx-summing.ts'
import { writeLines } from './influx-writer.ts'
import type { Cell, CellQuery, Row, RowBatch, Store } from './store.ts'

export interface InfluxStoreOptions extends InfluxSettings {
  /** Directory for lines that the server refuses for good. */
  readonly directory: string
  readonly clock: Clock
  readonly onFault?: (error: unknown) => void
}

const reported = reportedKinds.map(kind => `"${kind}"`).join(', ')

/**
 * The time series in InfluxDB. It has no transactions, so the order of writes makes a batch safe: first all rows, each
 * of which overwrites itself if written again, and the position once all are confirmed. After a crash or failure in
 * between, the batch is repeated. Until then `cells` may already count some of its rows; `countByDevice` goes by
 * position and counts none of them.
 *
 * The server is not contacted before it is needed: while it is down, or not there yet, calls fail with
 * STORE_UNAVAILABLE, and the journal waits.
 */
export function createInfluxStore(options: InfluxStoreOptions): Store {
  const { directory, clock, timeoutMs, onFault = () => {} } = options
  const server = createInfluxServer(options)
  const rejects = createRejects(directory, clock)
  const note = createNote(server.post)
  const summing = createSumming(server, note, clock)
  const journals = createInfluxJournals(server, note)
  const expiry = createInfluxExpiry(server, note, summing, journals)
  const stats = createInfluxStats(server, clock)
  /** The furthest position of each journal that the server has ever reported. */
  const seen = new Map<string, Seq>()
  /** Queue for everything that writes or deletes. */
  const serially = createQueue()
  /** Queue for everything that uses the count of expired rows. */
  const withBooks = createQueue()

  async function write({ journal, rows, next, epochs = [] }: RowBatch): Promise<void> {
    await expiry.settle()
    const { tag, until: done } = (await journals.branches(journal)).at(-1)!
    if (done < (seen.get(journal) ?? 0)) {
      seen.set(journal, done)
      summing.reset()
      const what = `InfluxDB has lost what it had: it has this journal up to ${done}; what the journal holds is written again`
      throw new LintelError('STORE_UNAVAILABLE', what)
    }
    if (next > done) {
      const fresh = rows.filter(row => row.seq > done)
      await summing.touch(fresh)
      const refused = await writeRows(tag, fresh, done)
      // Epochs are written with the position: if one is ahead of the other, only what both confirm counts.
      await notePosition([...epochs.map(position => epochLine(journal, position)), positionLine(tag, next)])
      reportRefused(refused, fresh.length)
    }
    seen.set(journal, Math.max(done, next))
  }

  /** Keeps refused lines aside. */
  async function writeRows(tag: string, rows: readonly Row[], done: Seq): Promise<readonly RejectedLine[]> {
    const refused = await writeLines(rows.map(createLines(tag)), server.post, positionLine(tag, done))
    if (refused.length > 0) {
      try {
        await rejects.keep(refused)
      } catch (error) {
        const what = `lines that InfluxDB refuses could not be kept aside: ${messageOf(error)}`
        throw new LintelError('STORE_WRITE_FAILED', what, { cause: error })
      }
    }
    return refused
  }

  async function notePosition(lines: readonly string[]): Promise<void> {
    const verdict = await server.post(lines)
    if (verdict.is === 'written') return
    const reason = verdict.is === 'refused' ? verdict.reason : 'too long'
    throw new LintelError('STORE_WRITE_FAILED', `InfluxDB does not take the position: ${reason}`)
  }

  function reportRefused([first, ...others]: readonly RejectedLine[], rows: number): void {
    if (first === undefined) return
    const what = `InfluxDB refuses ${1 + others.length} of ${rows} rows for good, kept in ${directory}: ${first.reason}`
    onFault(new LintelError('STORE_WRITE_FAILED', what))
  }

  /** Each row gets the tag with which its position was written. */
  async function refill(journal: string, rows: readonly Row[]): Promise<void> {
    await expiry.settle()
    const branches = await journals.branches(journal)
    const isOf = ({ from, until }: Branch, { seq }: Row) => seq > from && seq <= until
    await summing.touch(rows)
    for (const branch of branches) {
      const own = rows.filter(row => isOf(branch, row))
      if (own.length === 0) continue
      reportRefused(await writeRows(branch.tag, own, branch.until), own.length)
    }
  }

  async function readCells(query: CellQuery, parts: readonly SplitQuery[]): Promise<Cell[]> {
    const gathering = createGathering(query, parts.length > 1)
    let isFull = query.limit === 0
    const until = performance.now() + timeoutMs
    for (const { query: part, summed, segments } of parts) {
      for (const { text, toCells } of cellStatements(part, summed ? summarySource(part) : undefined)) {
        if (isFull) break
        // A zone with clock changes, or a calendar, turns one query into many statements.
        if (performance.now() > until)
          throw new LintelError('STORE_UNAVAILABLE', 'InfluxDB took too long over a part of it: ask for less')
        await server.ask(text, series => {
          for (const cell of toCells(series))
            isFull ||= !gathering.add({ ...cell, segment: segments[cell.segment]! })
          return !isFull
        })
      }
    }
    return gathering.cells
  }

  return {
    write: batch => serially(() => write(batch)),
    async applied(journal) {
      const seq = (await journals.branches(journal)).at(-1)!.until
      seen.set(journal, seq)
      return seq
    },
    epochs: journals.epochs,
    fork: (journal, seq) =>
      serially(async () => {
        await expiry.settle()
        await journals.fork(journal, seq)
        seen.set(journal, seq)
      }),
    sums: journals.sums,
    positions: journals.positions,
    refill: (journal, rows) => serially(() => refill(journal, rows)),
    async cells(query) {
      const parts = await summing.split(query)
      const read = readCells(query, parts)
      if (parts.some(({ summed }) => summed)) summing.reading(read)
      return read
    },
    scan: query => scanInflux(server.ask, server.askTimes, query),
    async countByDevice(journal, seq) {
      await serially(expiry.settle)
      return withBooks(async () => {
        const branches = await journals.branches(journal)
        const counts = new Map<DeviceId, number>()
        const add = (device: DeviceId, n: number) => counts.set(device, (counts.get(device) ?? 0) + n)
        for (const [index, { tag, until }] of branches.entries()) {
          for (const [device, n] of await expiry.expired(tag)) add(device, n)
          // On the last branch, rows after its position are still being written.
          const to = index === branches.length - 1 ? seq : Math.min(until, seq)
          const text = `SELECT count("n") FROM ${reported} WHERE "journal" = ${literal(tag)} AND "seq" <= ${to} GROUP BY "device"`
          await server.ask(text, ({ tags, values }) => {
            add(tags!.device!, values[0]![1] as number)
            return true
          })
        }
        return counts
      })
    },
    expire: what => serially(() => withBooks(() => expiry.expire(what))),
    countBefore: what => expiry.countBefore(what),
    oldest: kind => expiry.oldest(kind),
    summaries: {
      update: () => serially(summing.update),
      rowsSince: summing.rowsSince,
      expire: before => serially(() => summing.expire(before)),
    },
    stats: async () => ({ ...(await stats()), rejected: rejects.count() }),
    async close() {
      server.close()
      await serially(async () => {})
    },
  }
}

/** Runs calls one after the other. */
function createQueue() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}
