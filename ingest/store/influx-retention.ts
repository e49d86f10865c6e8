import { randomInt } from 'node:crypto'
import { dayMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { DeviceId } from '../../core/words.ts'
import { reportedKinds, type StoredKind } from '../../devices/contract/kinds.ts'
import { dayOf } from './influx-days.ts'
import type { InfluxJournals } from './influx-journals.ts'
import { positionMs } from './influx-lines.ts'
import { fromTag, literal, stringField, tagText } from './influx-names.ts'
import type { Note } from './influx-notes.ts'
import { conditionsOf } from './influx-remove.ts'
import type { InfluxServer } from './influx-server.ts'
import type { Summing } from './influx-summing.ts'
import type { Expiry, PlaceFilter } from './store.ts'

/** Number of expired rows per journal and device: one point each, which is overwritten. */
const measurement = 'lintel_expired'
/** One point for a deletion that has begun and may be unfinished. */
const markMeasurement = 'lintel_expiring'
const at = `${positionMs}000000`
const isAt = `time = ${positionMs}ms`

/**
 * Deletes rows and keeps their count, on a database without transactions. The new counts are written beside the old
 * ones, then a mark; then the rows are deleted, the new counts replace the old ones, and the mark is removed. If a mark
 * is found after a crash, everything after the mark is done again: repeating it changes nothing. Nothing may be written
 * meanwhile, or before `settle` has looked for a leftover mark.
 */
export function createInfluxExpiry(
  { ask, remove, version }: Pick<InfluxServer, 'ask' | 'remove' | 'version'>,
  note: Note,
  summing: Summing,
  journals: Pick<InfluxJournals, 'all'>,
) {
  let isSettled = false

  const markLine = ({ kind, before, of = {} }: Expiry, slice: number) =>
    `${markMeasurement} kind=${stringField(kind)},before=${before}i,of=${stringField(JSON.stringify(of))},slice=${slice}i ${at}`

  /** The steps after the mark. */
  async function finish({ kind, before, of = {} }: Expiry, slice: number): Promise<void> {
    await remove(kind, { before, of })
    const lines: string[] = []
    const text = `SELECT "next" FROM "${measurement}" WHERE ${isAt} AND "slice" = ${slice} GROUP BY "journal", "device"`
    await ask(text, ({ tags, values }) => {
      const [journal, device] = [fromTag(tags!.journal!), tags!.device!]
      lines.push(`${headOf(journal, device)} rows=${values[0]![1]}i ${at}`)
      return true
    })
    await note([...lines, `${markMeasurement} kind="" ${at}`])
  }

  async function settle(): Promise<void> {
    // Version 3 never deletes anything.
    isSettled ||= (await version()) === 3
    if (isSettled) return
    let left: { expiry: Expiry; slice: number } | undefined
    const text = `SELECT "kind", "before", "of", "slice" FROM "${markMeasurement}" WHERE ${isAt}`
    await ask(text, ({ values }) => {
      const [, kind, before, of, slice] = values[0] as [unknown, StoredKind | '', number, string, number]
      if (kind !== '') left = { expiry: { kind, before, of: JSON.parse(of) }, slice }
      return true
    })
    if (left !== undefined) await finish(left.expiry, left.slice)
    isSettled = true
  }

  async function oldest(kind: StoredKind, of: PlaceFilter = {}): Promise<number | undefined> {
    let found: number | undefined
    const conditions = conditionsOf(of)
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
    await ask(`SELECT first("n") FROM "${kind}"${where}`, ({ values }) => {
      found = values[0]![0] as number
      return true
    })
    return found
  }

  async function countBefore({ kind, before, of = {} }: Expiry): Promise<number> {
    let rows = 0
    const where = [`time < ${Math.ceil(before)}ms`, ...conditionsOf(of)].join(' AND ')
    await ask(`SELECT count("n") FROM "${kind}" WHERE ${where}`, ({ values }) => {
      rows = values[0]![1] as number
      return true
    })
    return rows
  }

  /** Counts only applied rows: those of an interrupted batch are written again, and counted then. */
  async function countDoomed({ kind, before, of = {} }: Expiry): Promise<Map<string, Map<DeviceId, number>>> {
    const counts = new Map<string, Map<DeviceId, number>>()
    for (const { tag: journal, until: seq } of await journals.all()) {
      const ofDevice = new Map<DeviceId, number>()
      const where = [
        `time < ${before}ms`,
        `"journal" = ${literal(journal)}`,
        `"seq" <= ${seq}`,
        ...conditionsOf(of),
      ]
      const text = `SELECT count("n") FROM "${kind}" WHERE ${where.join(' AND ')} GROUP BY "device"`
      await ask(text, ({ tags, values }) => {
        ofDevice.set(tags!.device!, values[0]![1] as number)
        return true
      })
      if (ofDevice.size > 0) counts.set(journal, ofDevice)
    }
    return counts
  }

  /** Expired rows of a journal, by device. Throws STORE_UNAVAILABLE while rows may be gone but not counted yet. */
  async function expired(journal: string): Promise<Map<DeviceId, number>> {
    if (!isSettled) throw new LintelError('STORE_UNAVAILABLE', 'InfluxDB: a deletion has not been finished')
    const counts = new Map<DeviceId, number>()
    const text = `SELECT "rows" FROM "${measurement}" WHERE ${isAt} AND "journal" = ${literal(journal)} GROUP BY "device"`
    await ask(text, ({ tags, values }) => {
      counts.set(tags!.device!, values[0]![1] as number)
      return true
    })
    return counts
  }

  return {
    settle,
    oldest,
    countBefore,
    expired,
    /** At most one day's rows per call: only a count shows how many rows there are. */
    async expire({ kind, before: wanted, of = {} }: Expiry): Promise<number> {
      await settle()
      if (Object.keys(of).length > 0) await summing.beforeErasure({ kind, before: wanted, of })
      const first = await oldest(kind, of)
      if (first === undefined || first >= wanted) return 0
      const expiry = { kind, of, before: Math.ceil(Math.min(wanted, dayOf(first) + dayMs)) }
      if (Object.keys(of).length === 0) await summing.beforeExpiry(kind, expiry.before)
      const rows = await countBefore(expiry)
      const slice = randomInt(2 ** 47)
      const lines: string[] = []
      if ((reportedKinds as readonly string[]).includes(kind)) {
        for (const [journal, counts] of await countDoomed(expiry)) {
          const known = await expired(journal)
          for (const [device, n] of counts)
            lines.push(
              `${headOf(journal, device)} next=${(known.get(device) ?? 0) + n}i,slice=${slice}i ${at}`,
            )
        }
      }
      await note(lines)
      isSettled = false
      await note([markLine(expiry, slice)])
      await finish(expiry, slice)
      isSettled = true
      return rows
    },
  }
}

const headOf = (journal: string, device: DeviceId) =>
  `${measurement}${tagText('device', device)}${tagText('journal', journal)}`
