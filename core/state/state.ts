import { LintelError } from '../errors.ts'

/**
 * Small durable state: the registry, cursors, alerts. Reads are synchronous and local; a read in one
 * process sees what another has committed.
 */
export interface State {
  /** Values must survive a round trip through JSON. */
  table<V>(name: string): Table<V>
  /** Runs `change` alone and atomically, and resolves once its writes would survive a power cut. */
  transact<T>(change: () => T): Promise<T>
  close(): Promise<void>
}

export interface KeyRange {
  /** Only keys behind this one; with `reverse`, only keys before it. */
  readonly after?: string
  /** Only keys before this one; with `reverse`, only keys behind it. */
  readonly until?: string
  readonly limit?: number
  /** The last key first. */
  readonly reverse?: boolean
}

/**
 * Keys are ordered as UTF-8 bytes and have 1 to 1,900 of them: LMDB takes no longer ones. Any other key is never found,
 * and `put` with it throws API_REQUEST_INVALID. Call `put` and `remove` only inside `State.transact`.
 */
export interface Table<V> {
  get(key: string): V | undefined
  entries(range?: KeyRange): Iterable<[key: string, value: V]>
  put(key: string, value: V): void
  remove(key: string): void
}

const maxKeyBytes = 1900

/** Takes any value, since a request may hold something other than text. */
export const isKey = (key: unknown): key is string =>
  typeof key === 'string' &&
  key !== '' &&
  (key.length * 3 <= maxKeyBytes || Buffer.byteLength(key) <= maxKeyBytes)

export function assertKey(key: unknown): void {
  if (!isKey(key))
    throw new LintelError('API_REQUEST_INVALID', `a name is a text of at most ${maxKeyBytes} bytes`)
}
