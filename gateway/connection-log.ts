import type { Clock } from '../core/clock.ts'
import { FaultTally } from '../core/fault-tally.ts'
import type { Logger } from '../core/log.ts'
import type { Connection } from './broker/connection.ts'
import { LineBudget } from './line-budget.ts'

const linesPerS = 20

/**
 * Logs one line when a device has connected, and one when it has gone. A device that does so again and again gets a line,
 * then a count, and at most 20 lines a second are written; with the level `debug` all are.
 */
export class ConnectionLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #tally = new FaultTally<Connection>()
  readonly #budget = new LineBudget(linesPerS)

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  add(connection: Connection): void {
    const now = this.#clock()
    for (const { text, times } of this.#tally.takeOver(now))
      if (times > 0) this.#log.info({ device: text.device, times }, `${text.is} before`)
    const times = this.#tally.hear(`${connection.is} ${connection.device}`, connection, now)
    const { is, ...facts } = connection
    if (times === undefined) {
      this.#log.debug(facts, is)
      return
    }
    const { mayWrite, leftOut } = this.#budget.take(now)
    if (leftOut > 0) this.#log.info({ lines: leftOut }, 'connections were not logged one by one')
    if (mayWrite) this.#log.info(times > 1 ? { ...facts, times } : facts, is)
    else this.#log.debug(facts, is)
  }
}
