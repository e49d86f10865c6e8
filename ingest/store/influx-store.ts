import type { Clock } from '../../core/clock.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import type { Seq } from '../../core/words.ts'
import { reportedKinds } from '../../devices/contract/kinds.ts'
import { cellStatements, createGathering } from './influx-cells.ts'
import { createLines, positionLine, positionMeasurement, positionMs } from './influx-lines.ts'
import { literal } from './influx-names.ts'
import { createNote } from './influx-notes.ts'
import { createRejects } from './influx-rejects.ts'
import { createInfluxExpiry } from './influx-retention.ts'
import { scanInflux } from './influx-scan.ts'
import { createInfluxServer } from './influx-server.ts'
import type { InfluxSettings } from './influx-settings.ts'
import { createInfluxStats } from './influx-stats.ts'
import { summarySource } from './influx-summaries.ts'
import { createSumming, type SplitQuery } from './influx-summing.ts'
import { writeLines } from './influx-writer.ts'
import type { Cell, CellQuery, RowBatch, Store } from './store.ts'

export interface InfluxStoreOptions extends InfluxSettings {
  /** Where lines are kept that the server refuses for good. */
  readonly directory: string
  readonly clock: Clock
  readonly onFault?: (error: unknown) => void
}

const reported = reportedKinds.map(kind => `"${kind}"`).join(', ')

/**
 * The time series in an InfluxDB. It has no transactions, so a batch is made safe by its order: first all
 * rows, each of which lands on itself when it is written again, and once all are confirmed the position. After
 * a crash or a failure in between, the batch is repeated. Until then some of its rows may already be counted
 * by `cells`; `countByDevice` goes by position, and counts none of them.
 *
 * Nothing is asked of the server before it is needed: one that is down, or not there yet, is
 * STORE_UNAVAILABLE, and the journal waits.
 */
export function createInfluxStore(options: InfluxStoreOptions): Store {
  const { directory, clock, timeoutMs, onFault = () => {} } = options
  const server = createInfluxServer(options)
  const rejects = createRejects(directory, clock)
  const note = createNote(server.post)
  const summing = createSumming(server, note, clock)
  const expiry = createInfluxExpiry(server, note, summing)
  const stats = createInfluxStats(server, clock)
  /** The furthest that the server has been seen to have each journal. */
  const seen = new Map<string, Seq>()
  /** Whatever writes or deletes. */
  const serially = createQueue()
  /** Whatever goes by the count of expired rows. */
  const withBooks = createQueue()

  async function position(journal: string): Promise<Seq> {
    let seq = 0
    const text = `SELECT "seq" FROM "${positionMeasurement}" WHERE "journal" = ${literal(journal)} AND time = ${positionMs}ms`
    await server.ask(text, ({ values }) => {
      seq = values[0]![1] as number
      return true
    })
    return seq
  }

  async function write({ journal, rows, next }: RowBatch): Promise<void> {
    await expiry.settle()
    const done = await position(journal)
    if (done < (seen.get(journal) ?? 0)) {
      seen.set(journal, done)
      summing.reset()
      const what = `InfluxDB has lost what it had: it has this journal up to ${done}; what the journal holds is written again`
      throw new LintelError('STORE_UNAVAILABLE', what)
    }
    if (next > done) {
      const fresh = rows.filter(row => row.seq > done)
      await summing.touch(fresh)
      await writeFresh({ journal, rows: fresh, next }, done)
    }
    seen.set(journal, Math.max(done, next))
  }

  async function writeFresh({ journal, rows, next }: RowBatch, done: Seq): Promise<void> {
    const refused = await writeLines(rows.map(createLines(journal)), server.post, positionLine(journal, done))
    if (refused.length > 0) {
      try {
        await rejects.keep(refused)
      } catch (error) {
        const what = `lines that InfluxDB refuses could not be kept aside: ${messageOf(error)}`
        throw new LintelError('STORE_WRITE_FAILED', what, { cause: error })
      }
    }
    const verdict = await server.post([positionLine(journal, next)])
    if (verdict.is !== 'written') {
      const reason = verdict.is === 'refused' ? verdict.reason : 'too long'
      throw new LintelError('STORE_WRITE_FAILED', `InfluxDB does not take the position: ${reason}`)
    }
    if (refused.length > 0) {
      const what = `InfluxDB refuses ${refused.length} of ${rows.length} rows for good, kept in ${directory}: ${refused[0]!.reason}`
      onFault(new LintelError('STORE_WRITE_FAILED', what))
    }
  }

  async function readCells(query: CellQuery, parts: readonly SplitQuery[]): Promise<Cell[]> {
    const gathering = createGathering(query, parts.length > 1)
    let isFull = query.limit === 0
    const until = performance.now() + timeoutMs
    for (const { query: part, summed, segments } of parts) {
      for (const { text, toCells } of cellStatements(part, summed ? summarySource(part) : undefined)) {
        if (isFull) break
        // A zone that sets its clocks, or a calendar, makes many statements of one question.
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
      const seq = await position(journal)
      seen.set(journal, seq)
      return seq
    },
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
        const counts = await expiry.expired(journal)
        const text = `SELECT count("n") FROM ${reported} WHERE "journal" = ${literal(journal)} AND "seq" <= ${seq} GROUP BY "device"`
        await server.ask(text, ({ tags, values }) => {
          const device = tags!.device!
          counts.set(device, (counts.get(device) ?? 0) + (values[0]![1] as number))
          return true
        })
        return counts
      })
    },
    expire: what => serially(() => withBooks(() => expiry.expire(what))),
    countBefore: what => expiry.countBefore(what),
    oldest: kind => expiry.oldest(kind),
    summaries: {
      update: () => serially(summing.update),
      expire: before => serially(() => summing.expire(before)),
    },
    stats: async () => ({ ...(await stats()), rejected: rejects.count() }),
    async close() {
      server.close()
      await serially(async () => {})
    },
  }
}

/** Runs one after the other. */
function createQueue() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}
