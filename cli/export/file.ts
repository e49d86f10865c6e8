import { existsSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LintelError } from '../../core/errors.ts'
import { syncDirectory } from '../../core/files.ts'

/** A file being written under a temporary name; it gets its own name once it is complete. */
export interface DraftFile {
  write(bytes: Uint8Array): Promise<void>
  /** Marks what is written so far as good: only later bytes may be taken back. */
  keep(): void
  takeBack(): Promise<void>
  /** Resolves once it has its own name and is on disk. */
  finish(): Promise<void>
  close(): Promise<void>
}

/** Throws FILE_EXISTS if there is such a file and it must not be overwritten. */
export async function openDraft(path: string, force: boolean): Promise<DraftFile> {
  if (!force && existsSync(path))
    throw new LintelError('FILE_EXISTS', `${path} is there already: give --force to overwrite it`)
  const draft = `${path}.part`
  const file: FileHandle = await open(draft, 'w')
  let size = 0
  let kept = 0
  return {
    async write(bytes) {
      // Each write gives its position: after bytes were taken back, the file's own position is past its end.
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
      await syncDirectory(dirname(path))
    },
    async close() {
      await file.close().catch(() => {})
      // An export refused before its first byte leaves no file.
      if (size === 0) await rm(draft, { force: true })
    },
  }
}
