import { existsSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { LintelError } from '../../core/errors.ts'

/** A file in the making, beside its place; it is there once it is whole. */
export interface DraftFile {
  write(bytes: Uint8Array): Promise<void>
  /** So far it is good: what comes after may be taken back. */
  keep(): void
  takeBack(): Promise<void>
  /** In its place and on disk. */
  finish(): Promise<void>
  close(): Promise<void>
}

/** Throws FILE_EXISTS where there is one already and it is not to be overwritten. */
export async function openDraft(path: string, force: boolean): Promise<DraftFile> {
  if (!force && existsSync(path))
    throw new LintelError('FILE_EXISTS', `${path} is there already: give --force to overwrite it`)
  const draft = `${path}.part`
  const file: FileHandle = await open(draft, 'w')
  let size = 0
  let kept = 0
  return {
    async write(bytes) {
      // Each says where it goes, since what was taken back leaves the file's own place behind its end.
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, size + done)
        done += bytesWritten
      }
      size += bytes.length
    },
    keep() {
      kept = size
    },
    async takeBack() {
      await file.truncate(kept)
      size = kept
    },
    async finish() {
      await file.datasync()
      await file.close()
      await rename(draft, path)
    },
    async close() {
      await file.close().catch(() => {})
      // What was refused before its first byte leaves nothing behind.
      if (size === 0) await rm(draft, { force: true })
    },
  }
}
