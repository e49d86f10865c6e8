import { type Clock, secondMs } from '../../core/clock.ts'
import { type StoredKind, storedKinds } from '../../devices/contract/kinds.ts'
import type { InfluxServer } from './influx-server.ts'
import type { StoreStats } from './store.ts'

/**
 * InfluxDB reads every block to count, and every look at the metrics asks. A slow answer is therefore reused for fifty
 * times as long as it took, so that at most a fiftieth of the server's time is spent on it.
 */
const keepFactor = 50
const quickMs = 0.1 * secondMs

export function createInfluxStats(
  { ask, version }: Pick<InfluxServer, 'ask' | 'version'>,
  clock: Clock,
): () => Promise<StoreStats> {
  let kept: { readonly stats: StoreStats; readonly until: number } | undefined
  let asking: Promise<StoreStats> | undefined

  async function count(): Promise<StoreStats> {
    const began = clock()
    const rows = Object.fromEntries(storedKinds.map(kind => [kind, 0])) as Record<StoredKind, number>
    const all = storedKinds.map(kind => `"${kind}"`).join(', ')
    let oldestAt: number | undefined
    await ask(`SELECT count("n") FROM ${all}`, ({ name, values }) => {
      rows[name as StoredKind] = values[0]![1] as number
      return true
    })
    await ask(`SELECT first("n") FROM ${all}`, ({ values }) => {
      oldestAt = Math.min(oldestAt ?? Number.POSITIVE_INFINITY, values[0]![0] as number)
      return true
    })
    const stats = { rows, bytes: await bytesOnDisk(), oldestAt }
    const tookMs = clock() - began
    if (tookMs > quickMs) kept = { stats, until: clock() + keepFactor * tookMs }
    return stats
  }

  /** Size of all its databases; 0 if it does not say: versions 2 and 3 never do, version 1 only to its administrator. */
  async function bytesOnDisk(): Promise<number> {
    let bytes = 0
    if ((await version()) === 1) {
      const add = ({
        columns,
        values,
      }: {
        columns: readonly string[]
        values: readonly (readonly unknown[])[]
      }) => {
        bytes += values[0]![columns.indexOf('diskBytes')] as number
        return true
      }
      await ask("SHOW STATS FOR 'shard'", add).catch(() => {})
    }
    return bytes
  }

  return async () => {
    if (kept !== undefined && clock() < kept.until) return kept.stats
    asking ??= count().finally(() => {
      asking = undefined
    })
    return asking
  }
}
