import { setImmediate } from 'node:timers/promises'
import type { ScanBatch } from '../../ingest/store/scan.ts'

/** Rows per slice: 1 ms and 100 kB. Other work can run in between, and longer strings would survive a quick collection. */
const sliceRows = 512

/** The lines of all rows, in pieces. */
export async function* textSlices(
  batches: AsyncIterable<ScanBatch> | Iterable<ScanBatch>,
  linesOf: (batch: ScanBatch) => (row: number) => string,
  onBatch?: (batch: ScanBatch) => void,
): AsyncGenerator<Uint8Array> {
  for await (const batch of batches) {
    const lineOf = linesOf(batch)
    for (let start = 0; start < batch.rows; start += sliceRows) {
      let text = ''
      for (let row = start; row < Math.min(start + sliceRows, batch.rows); row++) text += lineOf(row)
      yield Buffer.from(text)
      await setImmediate()
    }
    onBatch?.(batch)
  }
}
