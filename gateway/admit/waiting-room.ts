import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import type { DeviceId, EventId } from '../../core/words.ts'
import { openWaitingFiles } from './waiting-files.ts'

export interface WaitingRoomOptions {
  directory: string
  clock: Clock
  /** By which a picture grows old while this process runs: no step of the clock makes it older. `clock` where left out. */
  upMs?: () => number
  maxBytes: number
  /** Originals show faces: they wait no longer than this for the tagger. */
  maxAgeMs: number
  /** JOURNAL_CLOSED where nothing can be written any more. */
  onFault?: (error: unknown) => void
}

/**
 * Snapshots as they came, until they are tagged and redacted. Bounded by bytes and by age; when full
 * the oldest makes room, and is counted: a picture that nobody looked at in time is worth less than
 * the next one.
 */
export interface WaitingRoom {
  /** Resolves when the picture would survive a power cut. Putting the same again changes nothing. */
  put(device: DeviceId, event: EventId, jpeg: Buffer): Promise<void>
  get(device: DeviceId, event: EventId): Promise<Buffer | undefined>
  remove(device: DeviceId, event: EventId): Promise<void>
  /** Removes what is too old, in doubt or not: nothing shows faces for ever. */
  sweep(): Promise<void>
  stats(): { pictures: number; bytes: number; evicted: number; expired: number }
  /** After all that has been put. */
  close(): Promise<void>
}

const extension = '.jpg'

export async function openWaitingRoom({
  directory,
  clock,
  upMs = clock,
  maxBytes,
  maxAgeMs,
  onFault = () => {},
}: WaitingRoomOptions): Promise<WaitingRoom> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  /** Oldest first, as a Map keeps its order; `at` by `upMs`. */
  const pictures = new Map<string, { bytes: number; at: number }>()
  const writing = new Map<string, Promise<void>>()
  let bytes = 0
  let evicted = 0
  let expired = 0
  const files = openWaitingFiles(directory, onFault)

  const now = clock()
  const found: { name: string; bytes: number; at: number }[] = []
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    if (!name.endsWith(extension)) await rm(path, { force: true })
    else {
      const { size, mtimeMs } = await stat(path)
      // One of a time that has not come has waited since now at the latest.
      found.push({ name, bytes: size, at: upMs() - Math.max(0, now - mtimeMs) })
    }
  }
  for (const { name, ...picture } of found.sort((a, b) => a.at - b.at)) {
    pictures.set(name, picture)
    bytes += picture.bytes
  }

  async function discard(name: string): Promise<void> {
    const picture = pictures.get(name)
    if (picture === undefined) return
    pictures.delete(name)
    bytes -= picture.bytes
    await files.remove(name)
  }

  /** Room is taken before anything is awaited, so that two at once cannot both think that there is some. */
  async function add(name: string, jpeg: Buffer): Promise<void> {
    pictures.set(name, { bytes: jpeg.length, at: upMs() })
    bytes += jpeg.length
    const done: Promise<void>[] = []
    for (const oldest of pictures.keys()) {
      if (bytes <= maxBytes || oldest === name) break
      evicted++
      done.push(discard(oldest))
    }
    done.push(files.write(name, jpeg, clock()))
    try {
      await Promise.all(done)
    } catch (error) {
      await discard(name)
      throw error
    }
  }

  return {
    async put(device, event, jpeg) {
      const name = nameOf(device, event)
      const underWay = writing.get(name)
      // The same again, while the first is not yet safe, is not safe either.
      if (underWay !== undefined) return underWay
      if (pictures.has(name)) return
      const added = add(name, jpeg).finally(() => writing.delete(name))
      writing.set(name, added)
      return added
    },
    get: (device, event) => readWaiting(directory, device, event),
    remove: (device, event) => discard(nameOf(device, event)),
    async sweep() {
      const before = upMs() - maxAgeMs
      for (const [name, { at }] of [...pictures]) {
        if (at >= before) continue
        expired++
        await discard(name)
      }
    },
    stats: () => ({ pictures: pictures.size, bytes, evicted, expired }),
    close: () => files.close(),
  }
}

/** A picture that waits; undefined if it does not, any more. Any process may read. */
export async function readWaiting(
  directory: string,
  device: DeviceId,
  event: EventId,
): Promise<Buffer | undefined> {
  try {
    return await readFile(join(directory, nameOf(device, event)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** A name that says nothing, is safe on every file system, and is found again from the two ids. */
function nameOf(device: DeviceId, event: EventId): string {
  return createHash('sha256').update(`${device}\0${event}`).digest('hex').slice(0, 40) + extension
}
