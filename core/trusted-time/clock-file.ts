import { readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '../files.ts'
import type { Line } from './line.ts'

/**
 * The line on disk: one process writes it, all read it. An older copy that is put back holds an earlier true time: it
 * makes the next start more careful, never less.
 */
export interface ClockFile {
  /** Undefined if there is none, or if it cannot be read. */
  read(): Line | undefined
  /** Replaces the file atomically; resolves once it would survive a power cut. Runs one write at a time, in order. */
  write(line: Line): Promise<void>
}

export function openClockFile(path: string): ClockFile {
  let writing: Promise<void> = Promise.resolve()

  async function replace(line: Line): Promise<void> {
    const draft = `${path}.new`
    const file = await open(draft, 'w', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(line)}\n`)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    await syncDirectory(dirname(path))
  }

  return {
    read() {
      try {
        const line = JSON.parse(readFileSync(path, 'utf8')) as Line
        return Number.isFinite(line.at) && Number.isFinite(line.upMs) ? line : undefined
      } catch {
        return undefined
      }
    },
    write(line) {
      writing = writing.catch(() => {}).then(() => replace(line))
      return writing
    },
  }
}
