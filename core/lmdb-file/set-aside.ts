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

/** Removes what a failed rebuild left: it takes disk space that others need. */
export function removeDraft(directory: string): void {
  rmSync(draftOf(directory), { recursive: true, force: true })
}

/** Makes a directory for the new file of an environment, until that file replaces the damaged one. */
export function newDraft(directory: string): string {
  removeDraft(directory)
  const draft = draftOf(directory)
  mkdirSync(draft, { recursive: true, mode: 0o700 })
  return draft
}

/**
 * Replaces the damaged file by the one in `draft`, and keeps the damaged one with a report. There is a file at every
 * moment: without one, LMDB would begin an empty database. Returns the directory of the damaged file.
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
  // It lists readers of the damaged file.
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

/** Makes a hard link to the file, or a copy if the file system has no hard links. */
function keepAlso(path: string, also: string): void {
  try {
    linkSync(path, also)
  } catch {
    copyFileSync(path, also)
  }
}

/** Directories of damaged files that were set aside here and not removed since. */
export function setAsideIn(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter(name => name.startsWith(prefix))
    .sort()
    .map(name => join(directory, name))
}
