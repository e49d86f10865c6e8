import { open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { ErrorCode } from '../../core/errors.ts'

export interface SpaceLimits {
  /** Bytes of records that the journal holds at most. */
  readonly maxBytes: number
  /** Free bytes of the disk below which nothing more is taken; taken again above twice that. */
  readonly reserveBytes: number
}

/**
 * Whether the journal may take more. Pure: `next` is what to do given what is seen.
 * It refuses rather than drops, because the devices still hold what they were not acked for.
 */
export function nextRefusal(
  refusing: ErrorCode | undefined,
  seen: { bytes: number; freeBytes: number },
  { maxBytes, reserveBytes }: SpaceLimits,
): ErrorCode | undefined {
  const wasLow = refusing === 'JOURNAL_DISK_LOW'
  if (seen.freeBytes < (wasLow ? 2 * reserveBytes : reserveBytes)) return 'JOURNAL_DISK_LOW'
  // Some way back, so that it does not open and shut with every trim.
  const wasFull = refusing === 'JOURNAL_FULL'
  if (seen.bytes >= (wasFull ? 0.95 * maxBytes : maxBytes)) return 'JOURNAL_FULL'
  return undefined
}

export async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

const ballastBytes = 16 * 1024 * 1024

/**
 * A file that is there to be deleted: on a full disk a copy-on-write store cannot even delete, so the
 * journal could never be trimmed again.
 */
export function createBallast(directory: string) {
  const path = join(directory, 'ballast')
  return {
    /** Written out, not sparse; does nothing where it is there already or does not fit. */
    async load(): Promise<void> {
      const file = await open(path, 'a')
      try {
        const { size } = await file.stat()
        if (size < ballastBytes) await file.write(Buffer.alloc(ballastBytes - size))
      } finally {
        await file.close()
      }
    },
    drop: () => rm(path, { force: true }),
  }
}
