import type { ScanBatch, ScanColumn } from '../../ingest/store/scan.ts'

/** Data to encode: batches of typed columns, one in memory at a time. */
export interface Table {
  readonly columns: readonly ScanColumn[]
  readonly batches: AsyncIterable<ScanBatch> | Iterable<ScanBatch>
  /** IANA zone in which times are written, or should be displayed. */
  readonly zone: string
}

export interface EncodeOptions {
  /** Starts with a byte order mark, by which Excel recognises UTF-8. */
  readonly bom?: boolean
  /** Starts a CSV with column names; default true. */
  readonly head?: boolean
  /** Called for each batch once all of its bytes have been taken. */
  readonly onBatch?: (batch: ScanBatch) => void
}

export interface Encoder {
  readonly mediaType: string
  /** Extension of the file name. */
  readonly suffix: string
  /** True if two of its files make one when concatenated, the second without its head. */
  readonly appends: boolean
  encode(table: Table, options?: EncodeOptions): AsyncGenerator<Uint8Array>
}
