import { columnFieldsOf, type StoredKind, storedKinds } from '../../devices/contract/kinds.ts'

/** A query for stored rows of one kind. */
export interface ScanQuery {
  readonly kind: StoredKind
  /** [from, to) by the time of the event; epoch ms. */
  readonly from: number
  readonly to: number
  /** Only places that have one of these names in each dimension given. */
  readonly where: { readonly [D in 'site' | 'building' | 'point' | 'device']?: readonly string[] }
  /** Cursor of a batch of the same query: continues after it. */
  readonly after?: string
  readonly signal?: AbortSignal
}

export interface Scan {
  readonly columns: readonly ScanColumn[]
  /** Number of rows to come, counted when it began. */
  readonly expected: number
  /** In a stable order, in batches that fit in memory. Rejects with STORE_UNAVAILABLE, or with the reason of `signal`. */
  readonly batches: AsyncIterable<ScanBatch>
}

export interface ScanColumn {
  readonly name: string
  readonly type: 'time' | 'text' | 'integer' | 'number' | 'boolean'
}

export interface ScanBatch {
  readonly rows: number
  /** In the order of the scan's columns. */
  readonly columns: readonly ScanValues[]
  /** Opaque; valid as long as the store exists. */
  readonly cursor: string
}

/**
 * Values of a column as typed arrays, so that ten million rows do not become objects. Times in epoch ms and numbers as
 * they are, NaN if absent; booleans 0 absent, 1 false, 2 true.
 */
export type ScanValues = Float64Array | Uint8Array | Texts

/** Codes of words: 0 absent, else 1 + position in `words`. */
export interface Texts {
  readonly codes: Uint8Array | Int32Array
  readonly words: readonly string[]
}

/** Kinds that have rows. */
export const scanKinds: readonly StoredKind[] = storedKinds

const fieldTypes = {
  enum: 'text',
  string: 'text',
  boolean: 'boolean',
  integer: 'integer',
  number: 'number',
} as const

/** The names of the place; members of the kind follow them. */
export const scanPlaceColumns = ['site', 'building', 'point', 'device'] as const

export const scanColumnsOf = (kind: StoredKind): readonly ScanColumn[] => [
  { name: 'time', type: 'time' },
  { name: 'received', type: 'time' },
  ...scanPlaceColumns.map(name => ({ name, type: 'text' }) as const),
  { name: 'late', type: 'boolean' },
  { name: 'skewed', type: 'boolean' },
  ...columnFieldsOf(kind).map(({ name, type }) => ({ name, type: fieldTypes[type] })),
]

/** Assigns codes to words. */
export function createCoder() {
  const words: string[] = []
  const known = new Map<string, number>()
  return {
    words,
    code(word: string | undefined): number {
      if (word === undefined) return 0
      let code = known.get(word)
      if (code === undefined) {
        code = words.push(word)
        known.set(word, code)
      }
      return code
    },
  }
}

/** Converts a column's values; absent ones are undefined or null. */
export function valuesOf({ type }: ScanColumn, values: readonly unknown[]): ScanValues {
  if (type === 'text') {
    const coder = createCoder()
    return {
      codes: Int32Array.from(values, value => coder.code((value as string | null) ?? undefined)),
      words: coder.words,
    }
  }
  if (type === 'boolean') return Uint8Array.from(values, value => (value == null ? 0 : value ? 2 : 1))
  return Float64Array.from(values, value => (value as number | null) ?? Number.NaN)
}

/** Packs a cursor into text; unpacking gives undefined for text that is no cursor. */
export const packCursor = (parts: readonly (string | number)[]) =>
  Buffer.from(JSON.stringify(parts)).toString('base64url')

export function unpackCursor(text: string): (string | number)[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return Array.isArray(parts) ? parts : undefined
  } catch {
    return undefined
  }
}
