import { extname } from 'node:path'
import { LintelError } from '../../core/errors.ts'

/** Format by file extension. */
const formatOfExtension: Readonly<Record<string, string>> = {
  '.txt': 'table',
  '.csv': 'csv',
  '.json': 'json',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.feather': 'arrow',
}

export interface FileFormatQuestion<F extends string> {
  /** Path of the file; undefined or `-` for standard output or input. */
  readonly file: string | undefined
  /** The value of `--format`, or of another option that implies a format. */
  readonly given: string | undefined
  /** How that option was written; `--format FORMAT` if left out. */
  readonly option?: string
  readonly formats: readonly F[]
  /** Used if neither a file nor a format is named. */
  readonly fallback: F
}

/**
 * Format of a file to write or read: that of `--format`, else by its extension. Throws CONFIG_INVALID for a format that
 * the command does not have, for an unknown extension, and if the two differ.
 */
export function fileFormat<F extends string>(question: FileFormatQuestion<F>): F {
  const { file, given, option = `--format ${given}`, formats, fallback } = question
  const isKnown = (name: string): name is F => (formats as readonly string[]).includes(name)
  const wrong = (why: string) => new LintelError('CONFIG_INVALID', why)
  if (given !== undefined && !isKnown(given)) throw wrong(`--format must be one of ${formats.join(', ')}`)
  if (file === undefined || file === '-') return given ?? fallback
  const extension = extname(file).toLowerCase()
  const told = formatOfExtension[extension]
  if (given !== undefined) {
    if (told === undefined || told === given) return given
    throw wrong(`${option} and the name ${file} do not go together: ${extension} is for ${told}`)
  }
  if (told !== undefined && isKnown(told)) return told
  const allowed = Object.keys(formatOfExtension).filter(name => isKnown(formatOfExtension[name]!))
  throw wrong(
    `the name ${file} does not say which format it has: end it with ${allowed.join(', ')}, or give --format ${formats.join(', ')}`,
  )
}

/** Throws CONFIG_INVALID for `--bom` with a format that has no byte order mark. */
export function assertBomFits(bom: boolean | undefined, format: string): void {
  if (bom && format !== 'csv')
    throw new LintelError('CONFIG_INVALID', `--bom is for csv: ${format} files need no byte order mark`)
}
