import type { ScanBatch, ScanColumn } from '../../ingest/store/scan.ts'

/** What is to be encoded: batches of typed columns, one at a time in memory. */
export interface Table {
  readonly columns: readonly ScanColumn[]
  readonly batches: AsyncIterable<ScanBatch> | Iterable<ScanBatch>
  /** IANA zone in which times are written, or shown by whoever reads. */
  readonly zone: string
}

export interface EncodeOptions {
  /** A byte order mark first, by which Excel knows UTF-8. */
  readonly bom?: boolean
  /** Whether a CSV begins with its names; it does. */
  readonly head?: boolean
  /** Hears of each batch once all of its bytes have been taken. */
  readonly onBatch?: (batch: ScanBatch) => void
}

export interface Encoder {
  readonly mediaType: string
  /** Of a file's name. */
  readonly suffix: string
  /** Whether two of its files, the second without its head, make one. */
  readonly appends: boolean
  encode(table: Table, options?: EncodeOptions): AsyncGenerator<Uint8Array>
}
