import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { Shares } from '../../core/shares.ts'
import type { DeviceId, EventId } from '../../core/words.ts'
import { openWaitingFiles } from './waiting-files.ts'

export interface WaitingRoomOptions {
  directory: string
  clock: Clock
  /** The clock for the age of pictures while this process runs: no step of the system clock makes them older. `clock` if left out. */
  upMs?: () => number
  maxBytes: number
  /** Most ms that a picture waits for the tagger: originals show faces. */
  maxAgeMs: number
  /** Gets JOURNAL_CLOSED when nothing can be written any more. */
  onFault?: (error: unknown) => void
}

/**
 * Snapshots as they came, until they are tagged and redacted. Bounded by bytes and by age. When it is full, the oldest
 * picture of the device that has most waiting is removed, and counted: a picture that nobody looked at in time is worth
 * less than the next one, and a device that floods removes only its own.
 */
export interface WaitingRoom {
  /**
   * Resolves when the picture would survive a power cut. If the same picture already waits, that one stays. Settle the
   * delivery once the outcome of its record is known.
   */
  put(device: DeviceId, event: EventId, jpeg: Buffer): Promise<Delivery>
  get(device: DeviceId, event: EventId): Promise<Buffer | undefined>
  remove(device: DeviceId, event: EventId): Promise<void>
  /**
   * For a start, before anything is put: removes pictures without a record, such as one that was written right before a
   * crash. It was not acked, so its device has it.
   */
  keepOnly(waited: Iterable<{ readonly device: DeviceId; readonly event: EventId }>): Promise<void>
  /**
   * Removes pictures that are too old, even while the clock is in doubt, and those that could not be removed before: no
   * original stays for ever.
   */
  sweep(): Promise<void>
  stats(): { pictures: number; bytes: number; evicted: number; expired: number }
  /** Resolves after everything that was put is written. */
  close(): Promise<void>
}

/** One delivery of a picture. Several of the same picture may be under way at once. */
export interface Delivery {
  /**
   * Call it once, whatever the outcome of the record. The picture stays if it waited before, or if the record of this or
   * another delivery under way was stored. Otherwise nobody would ever look at it, and it is removed. Never rejects: a
   * removal that fails is tried again with each sweep.
   */
  settle(isStored: boolean): Promise<void>
}

interface Deliveries {
  open: number
  /** True if somebody will look at the picture. */
  isWanted: boolean
}

const extension = '.jpg'
/** Shares are counted in blocks of this many bytes. */
const blockBytes = 4096
/** The owner of pictures that were found at the start: their names do not tell it. */
const ofBefore = ''

export async function openWaitingRoom({
  directory,
  clock,
  upMs = clock,
  maxBytes,
  maxAgeMs,
  onFault = () => {},
}: WaitingRoomOptions): Promise<WaitingRoom> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  /** Oldest first, since a Map keeps its order; `at` is by `upMs`. */
  const pictures = new Map<string, { bytes: number; at: number }>()
  const shares = new Shares<string>()
  const writing = new Map<string, Promise<void>>()
  const deliveries = new Map<string, Deliveries>()
  /** Files that should be gone but could not be removed. */
  const stuck = new Set<string>()
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
      // A time in the future counts as now.
      found.push({ name, bytes: size, at: upMs() - Math.max(0, now - mtimeMs) })
    }
  }
  function enter(owner: string, name: string, picture: { bytes: number; at: number }): void {
    pictures.set(name, picture)
    shares.add(owner, name, Math.ceil((picture.bytes + 1) / blockBytes))
    bytes += picture.bytes
  }

  for (const { name, ...picture } of found.sort((a, b) => a.at - b.at)) enter(ofBefore, name, picture)

  async function discard(name: string): Promise<void> {
    const picture = pictures.get(name)
    if (picture === undefined) return
    pictures.delete(name)
    shares.remove(name)
    bytes -= picture.bytes
    // The picture has been looked at, or never will be: delivered again, it is of no use.
    const underWay = deliveries.get(name)
    if (underWay !== undefined) underWay.isWanted = false
    await erase(name)
  }

  async function erase(name: string): Promise<void> {
    stuck.add(name)
    await files.remove(name)
    stuck.delete(name)
  }

  function deliver(name: string): Delivery {
    const all = deliveries.get(name) ?? { open: 0, isWanted: pictures.has(name) }
    deliveries.set(name, all)
    all.open++
    return {
      async settle(isStored) {
        all.isWanted ||= isStored
        if (--all.open > 0) return
        deliveries.delete(name)
        if (!all.isWanted) await discard(name).catch(onFault)
      },
    }
  }

  /** Takes room before it awaits anything, so that two calls at once cannot take the same room. */
  async function add(device: DeviceId, name: string, jpeg: Buffer): Promise<void> {
    stuck.delete(name)
    const done: Promise<void>[] = []
    while (bytes + jpeg.length > maxBytes && shares.count > 0) {
      evicted++
      done.push(discard(shares.takeFromLargest()!))
    }
    enter(device, name, { bytes: jpeg.length, at: upMs() })
    done.push(files.write(name, jpeg, clock()))
    try {
      await Promise.all(done)
    } catch (error) {
      await discard(name)
      throw error
    }
  }

  async function write(device: DeviceId, name: string, jpeg: Buffer): Promise<void> {
    const underWay = writing.get(name)
    // A second delivery is not safe before the first is.
    if (underWay !== undefined) return underWay
    if (pictures.has(name)) return
    const added = add(device, name, jpeg).finally(() => writing.delete(name))
    writing.set(name, added)
    return added
  }

  return {
    async put(device, event, jpeg) {
      const name = nameOf(device, event)
      const delivery = deliver(name)
      try {
        await write(device, name, jpeg)
        return delivery
      } catch (error) {
        await delivery.settle(false)
        throw error
      }
    },
    get: (device, event) => readWaiting(directory, device, event),
    remove: (device, event) => discard(nameOf(device, event)),
    async keepOnly(waited) {
      const wanted = new Set([...waited].map(({ device, event }) => nameOf(device, event)))
      for (const name of [...pictures.keys()]) {
        if (wanted.has(name) || deliveries.has(name)) continue
        await discard(name)
      }
    },
    async sweep() {
      for (const name of [...stuck]) await erase(name).catch(onFault)
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

/** A picture that waits; undefined if it does not, or no longer. Any process may read. */
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

/** A name that reveals nothing, is safe on every file system, and follows from the two ids. */
function nameOf(device: DeviceId, event: EventId): string {
  return createHash('sha256').update(`${device}\0${event}`).digest('hex').slice(0, 40) + extension
}
