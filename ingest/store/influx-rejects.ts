import { mkdir, open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface RejectedLine {
  readonly line: string
  /** In the server's words. */
  readonly reason: string
}

/** Lines that the server will never accept, kept for inspection. */
export interface Rejects {
  /** Resolves once they are on disk. */
  keep(lines: readonly RejectedLine[]): Promise<void>
  /** Number since the start. */
  count(): number
}

export const rejectedFile = 'rejected-lines.jsonl'
/** About 80,000 lines, and as many in the previous file; older ones are dropped. */
const maxFileBytes = 32 * 1024 * 1024

export function createRejects(directory: string, now: () => number, maxBytes = maxFileBytes): Rejects {
  const path = join(directory, rejectedFile)
  let count = 0
  return {
    async keep(lines) {
      const at = new Date(now()).toISOString()
      const text = lines.map(({ line, reason }) => `${JSON.stringify({ at, reason, line })}\n`).join('')
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const { size } = await stat(path).catch(() => ({ size: 0 }))
      if (size > 0 && size + Buffer.byteLength(text) > maxBytes) await rename(path, `${path}.1`)
      const file = await open(path, 'a', 0o600)
      try {
        await file.writeFile(text)
        await file.datasync()
      } finally {
        await file.close()
      }
      count += lines.length
    },
    count: () => count,
  }
}
