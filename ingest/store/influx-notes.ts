import { LintelError } from '../../core/errors.ts'
import type { Post } from './influx-writer.ts'

const linesOfPost = 4000

/** Writes the store's own notes. Rejects with STORE_UNAVAILABLE or STORE_WRITE_FAILED unless all of them are written. */
export type Note = (lines: readonly string[]) => Promise<void>

export const createNote =
  (post: Post): Note =>
  async lines => {
    for (let start = 0; start < lines.length; start += linesOfPost) {
      const verdict = await post(lines.slice(start, start + linesOfPost))
      if (verdict.is === 'written') continue
      const reason = verdict.is === 'refused' ? verdict.reason : 'too long'
      throw new LintelError('STORE_WRITE_FAILED', `InfluxDB does not take what the store notes: ${reason}`)
    }
  }
