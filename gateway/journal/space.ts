import { open, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { ErrorCode } from '../../core/errors.ts'

export interface SpaceLimits {
  /** Most bytes of records in the journal. */
  readonly maxBytes: number
  /** Free bytes of the disk below which nothing more is taken; taken again above twice that. */
  readonly reserveBytes: number
}

/**
 * Returns why the journal must refuse, or undefined if it may take more. Pure. It refuses rather than drops, because the
 * devices still hold what was not acked.
 */
export function nextRefusal(
  refusing: ErrorCode | undefined,
  seen: { bytes: number; freeBytes: number },
  { maxBytes, reserveBytes }: SpaceLimits,
): ErrorCode | undefined {
  const wasLow = refusing === 'JOURNAL_DISK_LOW'
  if (seen.freeBytes < (wasLow ? 2 * reserveBytes : reserveBytes)) return 'JOURNAL_DISK_LOW'
  // It opens again only at a lower value, so that it does not open and shut with every trim.
  const wasFull = refusing === 'JOURNAL_FULL'
  if (seen.bytes >= (wasFull ? 0.95 * maxBytes : maxBytes)) return 'JOURNAL_FULL'
  return undefined
}

const ballastBytes = 16 * 1024 * 1024
/** Applies even if no reserve is asked for: room for the pages of a transaction. */
const leastReserveBytes = 4 * 1024 * 1024

export interface Space {
  /** Looks again; resolves to the reason to refuse appends now, if there is one. */
  look(held: { bytes: number; remembered: number }): Promise<ErrorCode | undefined>
}

/** Bytes on disk for each remembered id, its share of half-empty pages included (measured: 45 to 70). */
const bytesPerId = 70
/** Pages of live data are not full, and a transaction copies some. */
const slack = 1.3

/**
 * Watches the free room of a directory. Keeps a ballast in it, a file to be deleted when the disk is full: a
 * copy-on-write store then cannot even delete, so the journal could never be trimmed again.
 */
export function watchSpace(
  directory: string,
  limits: SpaceLimits,
  freeBytes = () => freeBytesOf(directory),
): Space {
  const path = join(directory, 'ballast')
  const reserveBytes = Math.max(limits.reserveBytes, leastReserveBytes)
  let loaded = false
  let refusing: ErrorCode | undefined

  /** Writes the ballast out: a sparse file would take no room. */
  async function load(): Promise<void> {
    const file = await open(path, 'a')
    try {
      const { size } = await file.stat()
      if (size < ballastBytes) await file.write(Buffer.alloc(ballastBytes - size))
      loaded = true
    } finally {
      await file.close()
    }
  }

  return {
    async look({ bytes, remembered }) {
      // A ballast that is not there yet is owed: otherwise its deletion would look like free room.
      const owed = loaded ? 0 : ballastBytes
      // The file never shrinks, but the room of trimmed records in it is used again.
      const { size } = await stat(join(directory, 'data.mdb'))
      const reusable = Math.max(0, size - slack * (bytes + remembered * bytesPerId))
      const seen = { bytes, freeBytes: (await freeBytes()) - owed + reusable }
      refusing = nextRefusal(refusing, seen, { ...limits, reserveBytes })
      if (refusing === 'JOURNAL_DISK_LOW') {
        loaded = false
        await rm(path, { force: true })
      } else if (!loaded) {
        await load()
      }
      return refusing
    },
  }
}

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}
