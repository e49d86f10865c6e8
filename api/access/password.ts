import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { LintelError } from '../../core/errors.ts'
import { isCommon } from './common-passwords.ts'

/**
 * Argon2id with the first parameters in OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane. About 25 ms
 * on a core of a small server (measured on two shared ones).
 */
const cost = { memory: 19_456, passes: 2, parallelism: 1 }
const tagBytes = 32
const saltBytes = 16
const derive = promisify(argon2)

/** NIST SP 800-63B: the length matters, and that it is not a common password; rules about characters do not help. */
export const passwordLength = { least: 12, most: 256 }

/** The fault of a password, in words for the person who chose it; undefined if there is none. */
export function faultOfPassword(password: string, name: string): string | undefined {
  const { least, most } = passwordLength
  const { length } = [...password]
  if (length < least || length > most) return `a password has ${least} to ${most} characters`
  if (new Set(password).size < 5) return 'a password has at least 5 different characters'
  if (password.toLowerCase().includes(name.toLowerCase()) && name.length > 3)
    return 'a password does not hold the name of its account'
  if (isCommon(password, name))
    return 'this is one of the passwords that are tried first, or made like one: a sentence of your own is good'
  return undefined
}

export interface Passwords {
  /** In the PHC string format. */
  hash(password: string): Promise<string>
  /** Takes the same time if there is no hash. Throws API_BUSY if too many wait. */
  matches(password: string, hash: string | undefined): Promise<boolean>
}

/** This many wait about a second at most. */
const maxWaiting = 32

/** One at a time: each takes 19 MiB, and a thread of the pool that also writes to disk. */
export function createPasswords(): Passwords {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  async function inTurn<T>(act: () => Promise<T>): Promise<T> {
    if (waiting >= maxWaiting)
      throw new LintelError('API_BUSY', 'too many sign in at this moment: try again in a second')
    waiting++
    const mine = last.then(act, act)
    last = mine.catch(() => {})
    try {
      return await mine
    } finally {
      waiting--
    }
  }

  const tagOf = (password: string, nonce: Buffer, { memory, passes, parallelism } = cost) =>
    inTurn(() =>
      derive('argon2id', {
        message: Buffer.from(password.normalize('NFKC')),
        nonce,
        memory,
        passes,
        parallelism,
        tagLength: tagBytes,
      }),
    )

  const nobody = { ...cost, salt: randomBytes(saltBytes), tag: randomBytes(tagBytes) }

  return {
    async hash(password) {
      const salt = randomBytes(saltBytes)
      return formatPhc(salt, await tagOf(password, salt))
    },
    async matches(password, hash) {
      const { salt, tag, ...parameters } = hash === undefined ? nobody : parsePhc(hash)
      const given = await tagOf(password, salt, parameters)
      return timingSafeEqual(given, tag) && hash !== undefined
    },
  }
}

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')

function formatPhc(salt: Buffer, tag: Buffer): string {
  const { memory, passes, parallelism } = cost
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`
}

function parsePhc(text: string) {
  const [, memory, passes, parallelism, salt, tag] =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(text)!
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt!, 'base64'),
    tag: Buffer.from(tag!, 'base64'),
  }
}
