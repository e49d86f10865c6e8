import { LintelError } from '../../core/errors.ts'
import { isZone } from '../../core/zone.ts'
import {
  type Scan,
  type ScanBatch,
  type ScanQuery,
  scanKinds,
  scanPlaceColumns,
} from '../../ingest/store/scan.ts'
import type { Store } from '../../ingest/store/store.ts'
import { parseMoment } from '../zone.ts'
import { type ExportFormat, exportFormatNames, exportFormats } from './formats.ts'

/** An export query: texts that have not been checked. */
export interface ExportQuestion {
  readonly kind: string
  readonly from: string
  /** Exclusive. */
  readonly to: string
  readonly zone: string
  readonly format: string
  /** Only places that have one of these names in each dimension given: site, building, point, device. */
  readonly where?: Readonly<Record<string, readonly string[]>> | undefined
  /** All columns in their own order if left out. */
  readonly columns?: readonly string[] | undefined
  /** Cursor of an export of the same query: continues after it. A CSV then has no head. */
  readonly cursor?: string | undefined
  /** Ends with the batch that reaches this many rows; without it nothing is left out. */
  readonly limit?: number | undefined
  /** Puts a byte order mark before a CSV, by which Excel recognises UTF-8. */
  readonly bom?: boolean | undefined
}

/** A file being exported. */
export interface Exported {
  readonly mediaType: string
  readonly fileName: string
  /** Number of rows to come, counted when it began. */
  readonly expected: number
  /** Can be read once; rejects with STORE_UNAVAILABLE, and the bytes before that are not a complete file. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Rows whose bytes have all been taken, and the cursor after them. */
  progress(): ExportProgress
}

export interface ExportProgress {
  readonly rows: number
  /** Undefined before the first rows, unless the query had one. */
  readonly cursor: string | undefined
}

const maxNames = 500
const wrong = (reason: string) => new LintelError('API_REQUEST_INVALID', reason)

/**
 * Begins an export; `sites` lists the sites that the user may see. Throws API_REQUEST_INVALID, naming the wrong part,
 * API_FORBIDDEN for another site, or what the store throws.
 */
export async function exportRows(
  question: ExportQuestion,
  store: Pick<Store, 'scan'>,
  sites?: readonly string[],
  signal?: AbortSignal,
): Promise<Exported> {
  const { zone, cursor, limit = Number.POSITIVE_INFINITY, bom = false } = question
  if (!isZone(zone)) throw wrong('zone must be an IANA time zone such as Asia/Shanghai')
  const kind = oneOf('kind', scanKinds, question.kind)
  const encoder = exportFormats[oneOf<ExportFormat>('format', exportFormatNames, question.format)]
  const scan = pick(
    await store.scan({
      kind,
      ...rangeOf(question),
      where: whereOf(question.where ?? {}, sites),
      ...(cursor === undefined ? {} : { after: cursor }),
      ...(signal === undefined ? {} : { signal }),
    }),
    question.columns,
  )
  let rows = 0
  let last = cursor

  async function* batches(): AsyncGenerator<ScanBatch> {
    for await (const batch of scan.batches) {
      yield batch
      if (rows >= limit) return
    }
  }
  const onBatch = (batch: ScanBatch) => {
    rows += batch.rows
    last = batch.cursor
  }
  const table = { columns: scan.columns, batches: batches(), zone }
  return {
    mediaType: encoder.mediaType,
    fileName: `${kind}-${question.from.slice(0, 10)}.${encoder.suffix}`,
    expected: scan.expected,
    bytes: encoder.encode(table, { bom, head: cursor === undefined, onBatch }),
    progress: () => ({ rows, cursor: last }),
  }
}

function oneOf<T extends string>(part: string, words: readonly T[], given: string): T {
  if ((words as readonly string[]).includes(given)) return given as T
  throw wrong(`${part} must be one of ${words.join(', ')}`)
}

function rangeOf({ from, to, zone }: ExportQuestion): Pick<ScanQuery, 'from' | 'to'> {
  const range = { from: parseMoment(from, zone), to: parseMoment(to, zone) }
  for (const [part, moment] of Object.entries(range))
    if (Number.isNaN(moment))
      throw wrong(`${part} must be a date or a time such as 2026-11-21 or 2026-11-21T08:00:00+08:00`)
  if (range.from >= range.to) throw wrong('from must be before to')
  return range
}

function whereOf(
  where: Readonly<Record<string, readonly string[]>>,
  sites: readonly string[] | undefined,
): ScanQuery['where'] {
  for (const [name, values] of Object.entries(where)) {
    oneOf('a filter', scanPlaceColumns, name)
    if (values.length > maxNames) throw wrong(`${name} has more than ${maxNames} names`)
  }
  if (sites === undefined) return where
  const foreign = where.site?.find(site => !sites.includes(site))
  if (foreign !== undefined)
    throw new LintelError('API_FORBIDDEN', `${foreign.slice(0, 64)} is not one of your sites`)
  return { ...where, site: where.site ?? sites }
}

/** Only these columns, in this order. */
function pick(scan: Scan, wanted: readonly string[] | undefined): Scan {
  if (wanted === undefined) return scan
  const names = scan.columns.map(({ name }) => name)
  if (wanted.length === 0 || new Set(wanted).size < wanted.length)
    throw wrong('columns must name some, each once')
  const indices = wanted.map(name => names.indexOf(oneOf('columns', names, name)))
  async function* batches(): AsyncGenerator<ScanBatch> {
    for await (const batch of scan.batches)
      yield { ...batch, columns: indices.map(index => batch.columns[index]!) }
  }
  return { ...scan, columns: indices.map(index => scan.columns[index]!), batches: batches() }
}
