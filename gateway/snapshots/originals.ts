import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import { codeOfFileFault, writeWhole } from '../../core/files.ts'
import { keyText, type PictureKey } from './snapshots.ts'

/**
 * Originals that are kept for a while, readable with the key: AES-256-GCM, bound to device and event. A file is 8 bytes
 * of magic, 12 of nonce, 16 of tag, and the picture.
 */
export interface Originals {
  put(key: PictureKey, picture: Buffer): Promise<void>
  /** Deletes originals that are too old by the clock, which goes on while it is in doubt: no original stays for ever. */
  sweep(): Promise<void>
}

const magic = Buffer.from('LINTELO1')
const nonceBytes = 12
const tagBytes = 16
const headBytes = magic.length + nonceBytes + tagBytes
const extension = '.original'

export interface OriginalsOptions {
  readonly directory: string
  readonly keyFile: string
  readonly keepMs: number
  readonly clock: Clock
}

/** Throws as `readKey` does. */
export async function openOriginals({
  directory,
  keyFile,
  keepMs,
  clock,
}: OriginalsOptions): Promise<Originals> {
  const key = readKey(keyFile)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  let drafts = 0
  return {
    async put(picture, bytes) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(keyText(picture)))
      const body = Buffer.concat([cipher.update(bytes), cipher.final()])
      const path = join(directory, nameOf(picture))
      const sealed = Buffer.concat([magic, nonce, cipher.getAuthTag(), body])
      await writeWhole(path, `${path}.${drafts++}`, sealed, clock())
    },
    async sweep() {
      const now = clock()
      const before = now - keepMs
      for (const name of await readdir(directory)) {
        const path = join(directory, name)
        const { mtimeMs } = await stat(path)
        if (mtimeMs < before) await rm(path, { force: true })
        // Written while the clock was ahead: it must not stay until then.
        else if (mtimeMs > now) await utimes(path, now / 1000, now / 1000)
      }
    },
  }
}

/** Undefined if it is not kept, or no longer. Throws as `readKey` does, and CONFIG_INVALID if the key is not that of the original. */
export async function readOriginal(
  directory: string,
  keyFile: string,
  picture: PictureKey,
): Promise<Buffer | undefined> {
  const key = readKey(keyFile)
  let sealed: Buffer
  try {
    sealed = await readFile(join(directory, nameOf(picture)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const nonce = sealed.subarray(magic.length, magic.length + nonceBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    .setAAD(Buffer.from(keyText(picture)))
    .setAuthTag(sealed.subarray(magic.length + nonceBytes, headBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(headBytes)), decipher.final()])
  } catch (error) {
    throw new LintelError('CONFIG_INVALID', `${keyFile} is not the key of this original`, { cause: error })
  }
}

/** A reader of originals; undefined if the configuration keeps none. */
export function originalReader(
  snapshots: string,
  originals: { readonly keyFile: string } | undefined,
): ((picture: PictureKey) => Promise<Buffer | undefined>) | undefined {
  if (originals === undefined) return undefined
  return picture => readOriginal(join(snapshots, 'originals'), originals.keyFile, picture)
}

/**
 * Throws CONFIG_INVALID for a file that is not there, that others may read, or that holds no key; DATA_UNAVAILABLE if it
 * cannot be read now.
 */
export function readKey(path: string): Buffer {
  let text: string
  try {
    if (process.platform !== 'win32' && statSync(path).mode & 0o077)
      throw new Error(`others may read ${path}: chmod 600`)
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new LintelError(
      codeOfFileFault(error),
      `snapshots.originals.keyFile cannot be read: ${messageOf(error)}`,
    )
  }
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    const how = 'openssl rand -hex 32 makes one'
    throw new LintelError(
      'CONFIG_INVALID',
      `${path} must hold 64 hexadecimal digits and nothing else: ${how}`,
    )
  }
  return Buffer.from(text, 'hex')
}

const nameOf = (picture: PictureKey) =>
  createHash('sha256').update(keyText(picture)).digest('hex').slice(0, 40) + extension
