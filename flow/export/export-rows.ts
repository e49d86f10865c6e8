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

/** What is to be exported: texts, not yet checked. */
export interface ExportQuestion {
  readonly kind: string
  readonly from: string
  /** Not included. */
  readonly to: string
  readonly zone: string
  readonly format: string
  /** Only of places with one of these names in each of site, building, point, device. */
  readonly where?: Readonly<Record<string, readonly string[]>> | undefined
  /** All, in their own order, if left out. */
  readonly columns?: readonly string[] | undefined
  /** Of an export of the same question: goes on behind it. A CSV then has no head. */
  readonly cursor?: string | undefined
  /** Ends with the batch in which so many rows are reached; without it nothing is left out. */
  readonly limit?: number | undefined
  /** Before a CSV: by it Excel knows UTF-8. */
  readonly bom?: boolean | undefined
}

/** A file on its way. */
export interface Exported {
  readonly mediaType: string
  readonly fileName: string
  /** Rows to come, counted when it began. */
  readonly expected: number
  /** Once; rejects with STORE_UNAVAILABLE, and then what came before is no whole file. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Rows of which all bytes have been taken, and where to go on behind them. */
  progress(): ExportProgress
}

export interface ExportProgress {
  readonly rows: number
  /** Undefined before the first rows, unless it was given. */
  readonly cursor: string | undefined
}

const maxNames = 500
const wrong = (reason: string) => new LintelError('API_REQUEST_INVALID', reason)

/**
 * Begins an export; `sites` is all that the one who asks may see. Throws API_REQUEST_INVALID, naming the part that is
 * wrong, API_FORBIDDEN for a site of others, or what the store throws.
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
