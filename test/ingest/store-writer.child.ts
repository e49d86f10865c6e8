import { openDuckDbStore } from '../../ingest/store/duckdb-store.ts'
import { passage } from '../support/records.ts'
import { place, row } from './store-batch.ts'

/**
 * Writes batches to the store in a directory as fast as it can, from where that is on, and tells its
 * parent each position that was confirmed. With `hold` it only opens the file and keeps it.
 */
const [directory, mode] = process.argv.slice(2) as [string, string]
const store = await openDuckDbStore({ directory, memoryBytes: 256e6, threads: 2, clock: Date.now })
process.on('disconnect', () => process.exit(0))
process.send!({ applied: await store.applied('j') })

const batchRows = 300
const places = Array.from({ length: 40 }, (_, i) => place(i + 1))
if (mode === 'hold') await new Promise(() => setInterval(() => {}, 1000))
for (let from = await store.applied('j'); ; from += batchRows) {
  const rows = Array.from({ length: batchRows }, (_, i) => {
    const seq = from + i + 1
    const at = places[seq % places.length]!
    return seq % 7 === 0
      ? row(seq, { ...passage(), kind: 'health', data: { uptimeS: seq, firmware: `v${seq % 90}` } }, at)
      : row(seq, passage(), at)
  })
  await store.write({ journal: 'j', rows, next: from + batchRows })
  process.send!({ confirmed: from + batchRows })
}
