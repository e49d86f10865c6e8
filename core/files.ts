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

/** Of a name, a place or a permission that is wrong: the same again will not do. */
const wrongNames = new Set([
  'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ELOOP', 'ENAMETOOLONG', 'EINVAL',
  'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENOTFOUND',
]) // biome-ignore format: a list

/**
 * Whether a file, a directory or an address that the configuration names is named wrongly (CONFIG_INVALID), or
 * cannot be used now (DATA_UNAVAILABLE): a full disk, an I/O error, a read-only mount or too many open files pass.
 */
export function codeOfFileFault(error: unknown): 'CONFIG_INVALID' | 'DATA_UNAVAILABLE' {
  const { code } = Object(error) as NodeJS.ErrnoException
  const isOfSystem = code !== undefined && /^(?:E[A-Z0-9]+|Unknown system error .*)$/.test(code)
  return isOfSystem && !code.startsWith('ERR_') && !wrongNames.has(code)
    ? 'DATA_UNAVAILABLE'
    : 'CONFIG_INVALID'
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
