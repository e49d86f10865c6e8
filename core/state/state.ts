import { LintelError } from '../errors.ts'

/**
 * Small durable state: the registry, cursors, alerts. Reads are synchronous and local; a read in one
 * process sees what another has committed.
 */
export interface State {
  /** Values are what survives a round trip through JSON. */
  table<V>(name: string): Table<V>
  /** Runs `change` alone and atomically, and resolves once its writes would survive a power cut. */
  transact<T>(change: () => T): Promise<T>
  close(): Promise<void>
}

export interface KeyRange {
  /** Only keys behind this one; before it, where `reverse` is set. */
  readonly after?: string
  /** Only keys before this one; behind it, where `reverse` is set. */
  readonly until?: string
  readonly limit?: number
  /** The last first. */
  readonly reverse?: boolean
}

/**
 * Keys are ordered as UTF-8 bytes, and have 1 to 1,900 of them: LMDB takes no longer ones. Nothing is there under any other;
 * `put` under one throws API_REQUEST_INVALID. `put` and `remove` are for inside `State.transact`.
 */
export interface Table<V> {
  get(key: string): V | undefined
  entries(range?: KeyRange): Iterable<[key: string, value: V]>
  put(key: string, value: V): void
  remove(key: string): void
}

const maxKeyBytes = 1900

/** Also of what was sent to us where a text belongs, and is none. */
export const isKey = (key: unknown): key is string =>
  typeof key === 'string' &&
  key !== '' &&
  (key.length * 3 <= maxKeyBytes || Buffer.byteLength(key) <= maxKeyBytes)

export function assertKey(key: unknown): void {
  if (!isKey(key))
    throw new LintelError('API_REQUEST_INVALID', `a name is a text of at most ${maxKeyBytes} bytes`)
}
