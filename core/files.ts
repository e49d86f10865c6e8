import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from './errors.ts'

/**
 * Writes a file atomically and durably: a draft beside `path` is written, flushed, then renamed. Mode 0600. `at`, epoch
 * ms, becomes its time of modification.
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

/** Says why a file cannot be read, to the person who named it. For unknown errors, the error's own message. */
export function fileFault(error: unknown): string {
  const { code } = Object(error) as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a directory'
  if (code === 'EACCES') return 'this user may not read it'
  return messageOf(error)
}

/** Codes for a wrong name, place or permission: a retry will not help. */
const wrongNames = new Set([
  'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ELOOP', 'ENAMETOOLONG', 'EINVAL',
  'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENOTFOUND',
]) // biome-ignore format: a list

/**
 * CONFIG_INVALID if the configuration names a wrong file, directory or address. DATA_UNAVAILABLE if it cannot be used
 * now: a full disk, an I/O error, a read-only mount or too many open files are temporary.
 */
export function codeOfFileFault(error: unknown): 'CONFIG_INVALID' | 'DATA_UNAVAILABLE' {
  const { code } = Object(error) as NodeJS.ErrnoException
  const isOfSystem = code !== undefined && /^(?:E[A-Z0-9]+|Unknown system error .*)$/.test(code)
  return isOfSystem && !code.startsWith('ERR_') && !wrongNames.has(code)
    ? 'DATA_UNAVAILABLE'
    : 'CONFIG_INVALID'
}

/** Makes new file names in a directory survive a power cut. Windows does that by itself, and refuses this call. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
