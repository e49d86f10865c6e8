import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LintelError, messageOf } from '../../core/errors.ts'
import {
  defaultOutboxLimits,
  type Message,
  type MessageKind,
  type Outbox,
  type OutboxLimits,
} from './outbox.ts'
import { createRoom } from './outbox-room.ts'

export interface SqliteOutboxOptions {
  /** Made if it does not exist. One process at a time may use it. */
  directory: string
  limits?: OutboxLimits
}

const layoutVersion = 1
const layout = `
  CREATE TABLE IF NOT EXISTS message (
    position INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, payload BLOB NOT NULL
  );
  CREATE INDEX IF NOT EXISTS health ON message (position) WHERE kind = 'health';
`

/**
 * All messages added within one turn of the event loop share one commit, and so one fsync, which blocks the process
 * meanwhile: milliseconds on flash, which a device at a door does not notice. Freed space is reused; the file itself
 * never shrinks. Throws DATA_LOCKED if another process has it, DATA_VERSION if a newer version wrote it.
 */
export function openSqliteOutbox({ directory, limits = defaultOutboxLimits }: SqliteOutboxOptions): Outbox {
  mkdirSync(directory, { recursive: true })
  const database = openDatabase(join(directory, 'outbox.sqlite'))
  const insert = database.prepare('INSERT INTO message (kind, id, payload) VALUES (?, ?, ?)')
  const select = database.prepare(
    'SELECT position, kind, id, payload FROM message WHERE position > ? ORDER BY position LIMIT ?',
  )
  const removeOne = database.prepare(
    'DELETE FROM message WHERE position = ? RETURNING kind, length(payload) AS bytes',
  )
  const removeOldestHealth = database.prepare(`
    DELETE FROM message WHERE position = (SELECT min(position) FROM message WHERE kind = 'health')
    RETURNING kind, length(payload) AS bytes`)

  const room = createRoom(limits)
  for (const row of database.prepare('SELECT kind, length(payload) AS bytes FROM message').iterate()) {
    room.added(row.kind as MessageKind, row.bytes as number)
  }

  interface Change {
    apply(): void
    resolve(): void
    reject(error: unknown): void
  }
  let waiting: Change[] = []
  let closed = false

  function change(apply: () => void): Promise<void> {
    if (closed) return Promise.reject(new Error('the outbox is closed'))
    return new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(commit)
      waiting.push({ apply, resolve, reject })
    })
  }

  function commit(): void {
    const changes = waiting
    waiting = []
    const before = room.save()
    const settle: (() => void)[] = []
    try {
      database.exec('BEGIN IMMEDIATE')
      for (const { apply, resolve, reject } of changes) {
        try {
          apply()
          settle.push(resolve)
        } catch (error) {
          // A refusal has written nothing, so the changes beside it need not be undone.
          if (!(error instanceof LintelError)) throw error
          settle.push(() => reject(error))
        }
      }
      database.exec('COMMIT')
    } catch (error) {
      room.restore(before)
      if (database.isTransaction) database.exec('ROLLBACK')
      for (const { reject } of changes) reject(error)
      return
    }
    for (const call of settle) call()
  }

  return {
    add: ({ kind, id, payload }) =>
      change(() => {
        room.make(kind, payload.length, () => removeOldestHealth.get()!.bytes as number)
        insert.run(kind, id, payload)
        room.added(kind, payload.length)
      }),
    oldest({ after, records, bytes }) {
      const found: Message[] = []
      let total = 0
      for (const row of select.iterate(after, records)) {
        const message = messageOfRow(row)
        total += message.payload.length
        if (found.length > 0 && total > bytes) break
        found.push(message)
      }
      return found
    },
    remove: positions =>
      change(() => {
        for (const position of positions) {
          const row = removeOne.get(position)
          if (row !== undefined) room.removed(row.kind as MessageKind, row.bytes as number)
        }
      }),
    size: room.size,
    bytes: room.bytes,
    counters: room.counters,
    async close() {
      if (closed) return
      closed = true
      if (waiting.length > 0) commit()
      database.close()
    },
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // FULL: with WAL, a commit is on disk when it returns (sqlite.org/pragma.html#pragma_synchronous).
    // EXCLUSIVE: a second process with the same outbox would send everything twice.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    const version = database.prepare('PRAGMA user_version').get()!.user_version as number
    if (version > layoutVersion)
      throw new LintelError('DATA_VERSION', `${path} was written by a newer version`)
    database.exec(`BEGIN IMMEDIATE; ${layout} PRAGMA user_version = ${layoutVersion}; COMMIT`)
    return database
  } catch (error) {
    database.close()
    if (/database is locked/.test(messageOf(error))) {
      throw new LintelError('DATA_LOCKED', `another process has ${path}`, { cause: error })
    }
    throw error
  }
}

function messageOfRow(row: Record<string, unknown>): Message {
  const { buffer, byteOffset, byteLength } = row.payload as Uint8Array
  return {
    position: row.position as number,
    kind: row.kind as MessageKind,
    id: row.id as string,
    payload: Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength),
  }
}
