import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * 192 bits from the system's generator. With that much entropy there is nothing to guess, so a plain
 * SHA-256 protects it at rest and 2,400 devices can reconnect without 2,400 slow hashes.
 */
export function newToken(): string {
  // A leading dash would be taken for an option wherever a token is typed.
  return randomBytes(24).toString('base64url').replace(/^-/, 'a')
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

const noHash = Buffer.alloc(32)

/** Takes the same time for every token, and for an unknown device (`hash` undefined). */
export function tokenMatches(token: string | Buffer, hash: string | undefined): boolean {
  const given = createHash('sha256').update(token).digest()
  const wanted = hash === undefined ? noHash : Buffer.from(hash, 'base64url')
  return timingSafeEqual(given, wanted) && hash !== undefined
}
