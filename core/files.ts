import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from './errors.ts'

/**
 * Whole or not at all, and there after a power cut: written beside `path`, flushed, then given its name. For its owner's
 * eyes. `at`, epoch ms, is when it counts as written.
 */
export async function writeWhole(path: string, draft: string, bytes: Uint8Array, at?: number): Promise<void> {
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      if (at !== undefined) await file.utimes(at / 1000, at / 1000)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** Why a file cannot be read, for whoever gave its name; anything else as it says itself. */
export function fileFault(error: unknown): string {
  const { code } = Object(error) as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a directory'
  if (code === 'EACCES') return 'this user may not read it'
  return messageOf(error)
}

/** So that a name is there after a power cut, too. Windows sees to that itself, and refuses to be asked. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
