import type { Clock } from '../../core/clock.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import type { DeviceId, Seq } from '../../core/words.ts'
import { reportedKinds } from '../../devices/contract/kinds.ts'
import { cellStatements } from './influx-cells.ts'
import { createLines, positionLine, positionMeasurement, positionMs } from './influx-lines.ts'
import { literal } from './influx-names.ts'
import { createRejects } from './influx-rejects.ts'
import { createInfluxServer } from './influx-server.ts'
import type { InfluxSettings } from './influx-settings.ts'
import { createInfluxStats } from './influx-stats.ts'
import { writeLines } from './influx-writer.ts'
import type { Cell, RowBatch, Store } from './store.ts'

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
  const stats = createInfluxStats(server.ask, options.version, clock)
  /** The furthest that the server has been seen to have each journal. */
  const seen = new Map<string, Seq>()
  let queue: Promise<unknown> = Promise.resolve()

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
    const done = await position(journal)
    if (done < (seen.get(journal) ?? 0)) {
      seen.set(journal, done)
      const what = `InfluxDB has lost what it had: it has this journal up to ${done}; what the journal holds is written again`
      throw new LintelError('STORE_UNAVAILABLE', what)
    }
    if (next > done) await writeFresh({ journal, rows: rows.filter(row => row.seq > done), next }, done)
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

  return {
    write(batch) {
      const result = queue.then(() => write(batch))
      queue = result.catch(() => {})
      return result
    },
    async applied(journal) {
      const seq = await position(journal)
      seen.set(journal, seq)
      return seq
    },
    async cells(query) {
      const cells: Cell[] = []
      const { limit = Number.POSITIVE_INFINITY } = query
      const until = performance.now() + timeoutMs
      for (const { text, toCells } of cellStatements(query)) {
        if (cells.length >= limit) break
        // A zone that sets its clocks makes many statements of one question.
        if (performance.now() > until)
          throw new LintelError('STORE_UNAVAILABLE', 'InfluxDB took too long over a part of it: ask for less')
        await server.ask(text, series => {
          for (const cell of toCells(series)) if (cells.length < limit) cells.push(cell)
          return cells.length < limit
        })
      }
      return cells
    },
    async countByDevice(journal, seq) {
      const counts = new Map<DeviceId, number>()
      const text = `SELECT count("n") FROM ${reported} WHERE "journal" = ${literal(journal)} AND "seq" <= ${seq} GROUP BY "device"`
      await server.ask(text, ({ tags, values }) => {
        const device = tags!.device!
        counts.set(device, (counts.get(device) ?? 0) + (values[0]![1] as number))
        return true
      })
      return counts
    },
    stats: async () => ({ ...(await stats()), rejected: rejects.count() }),
    async close() {
      server.close()
      await queue
    },
  }
}
