import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { syncDirectory } from '../files.ts'

export const dataFile = 'data.mdb'
const reportFile = 'report.json'
const prefix = 'damaged-'

const draftOf = (directory: string) => join(directory, 'mending')

/** Of a rebuilding that failed: what lies there takes room that others lack. */
export function removeDraft(directory: string): void {
  rmSync(draftOf(directory), { recursive: true, force: true })
}

/** A directory for the new file of an environment, until it takes the place of the damaged one. */
export function newDraft(directory: string): string {
  removeDraft(directory)
  const draft = draftOf(directory)
  mkdirSync(draft, { recursive: true, mode: 0o700 })
  return draft
}

/**
 * Puts the file in `draft` in the place of the damaged one, which is kept beside a report. At no moment is there no file:
 * LMDB would begin anew. Returns where the damaged one is.
 */
export async function replaceDamaged(
  directory: string,
  draft: string,
  report: object,
  now: number,
): Promise<string> {
  const setAside = freeName(directory, now)
  mkdirSync(setAside, { mode: 0o700 })
  writeFileSync(join(setAside, reportFile), `${JSON.stringify(report, null, 2)}\n`, {
    mode: 0o600,
    flush: true,
  })
  keepAlso(join(directory, dataFile), join(setAside, dataFile))
  await syncDirectory(setAside)
  renameSync(join(draft, dataFile), join(directory, dataFile))
  // It tells of readers of the other file.
  rmSync(join(directory, 'lock.mdb'), { force: true })
  await syncDirectory(directory)
  rmSync(draft, { recursive: true, force: true })
  return setAside
}

function freeName(directory: string, now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')
  for (let n = 1; ; n++) {
    const path = join(directory, `${prefix}${time}${n === 1 ? '' : `-${n}`}`)
    if (!existsSync(path)) return path
  }
}

/** A second name for the file, or a copy where the file system knows no such thing. */
function keepAlso(path: string, also: string): void {
  try {
    linkSync(path, also)
  } catch {
    copyFileSync(path, also)
  }
}

/** Files that were set aside here and that nobody has removed since. */
export function setAsideIn(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter(name => name.startsWith(prefix))
    .sort()
    .map(name => join(directory, name))
}
