import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { syncDirectory } from '../../core/files.ts'
import type { DeviceId, EventId } from '../../core/words.ts'

export interface WaitingRoomOptions {
  directory: string
  clock: Clock
  maxBytes: number
  /** Originals show faces: they wait no longer than this for the tagger. */
  maxAgeMs: number
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
  /** Removes what is too old. */
  sweep(): Promise<void>
  stats(): { pictures: number; bytes: number; evicted: number; expired: number }
}

const extension = '.jpg'

export async function openWaitingRoom({
  directory,
  clock,
  maxBytes,
  maxAgeMs,
}: WaitingRoomOptions): Promise<WaitingRoom> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  /** Oldest first, as a Map keeps its order. */
  const pictures = new Map<string, { bytes: number; at: number }>()
  const writing = new Map<string, Promise<void>>()
  let bytes = 0
  let evicted = 0
  let expired = 0
  let temporary = 0

  const found: { name: string; bytes: number; at: number }[] = []
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    if (!name.endsWith(extension)) await rm(path, { force: true })
    else {
      const { size, mtimeMs } = await stat(path)
      found.push({ name, bytes: size, at: mtimeMs })
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
    await rm(join(directory, name), { force: true })
  }

  async function write(name: string, jpeg: Buffer): Promise<void> {
    const draft = join(directory, `${name}.${temporary++}`)
    try {
      const file = await open(draft, 'wx', 0o600)
      try {
        await file.writeFile(jpeg)
        await file.datasync()
      } finally {
        await file.close()
      }
      // Thrown out while it was being written: a file that nobody counts would stay for ever.
      if (!pictures.has(name)) return await rm(draft, { force: true })
      await rename(draft, join(directory, name))
      if (!pictures.has(name)) return await rm(join(directory, name), { force: true })
      await syncDirectory(directory)
    } catch (error) {
      await discard(name)
      await rm(draft, { force: true })
      throw error
    }
  }

  async function add(name: string, jpeg: Buffer): Promise<void> {
    // Taken before anything is awaited, so that two at once cannot both think that there is room.
    pictures.set(name, { bytes: jpeg.length, at: clock() })
    bytes += jpeg.length
    for (const oldest of pictures.keys()) {
      if (bytes <= maxBytes || oldest === name) break
      evicted++
      await discard(oldest)
    }
    await write(name, jpeg)
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
      const before = clock() - maxAgeMs
      for (const [name, { at }] of [...pictures]) {
        if (at >= before) continue
        expired++
        await discard(name)
      }
    },
    stats: () => ({ pictures: pictures.size, bytes, evicted, expired }),
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
