import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type DataPaths, lmdbDirectories } from '../../core/data-directory.ts'
import { openPageFile } from '../../core/lmdb-file/pages.ts'
import { dataFile, setAsideIn } from '../../core/lmdb-file/set-aside.ts'
import { lockDataDirectory } from '../../core/lock.ts'
import { checkState } from '../../core/state/mend-state.ts'
import { checkJournal } from '../../gateway/journal/check-journal.ts'
import type { Finding } from './finding.ts'

/** Data files that were damaged and have been rebuilt. */
export function setAside(paths: DataPaths): Finding[] {
  return lmdbDirectories(paths)
    .flatMap(setAsideIn)
    .map(path => ({
      check: 'data files',
      result: 'warning',
      finding: `one was damaged and has been rebuilt: ${join(path, 'report.json')} says what is lost; delete the directory when you have looked at it`,
    }))
}

/** Changes nothing: damaged files are rebuilt at the next start. */
export function readWhole(paths: DataPaths): Finding[] {
  const check = 'data files'
  let locks: { release(): void }[]
  try {
    const names = ['service', 'journal', 'state', 'snapshots', 'uplink'] as const
    locks = names.map(name => lockDataDirectory(paths, name))
  } catch {
    return [
      { check, result: 'warning', finding: 'they are in use: stop the service to have them read whole' },
    ]
  }
  try {
    return lmdbDirectories(paths).map((directory): Finding => {
      const [first, ...others] = faultsOf(directory, directory === paths.journal)
      if (first === undefined) return { check, result: 'ok', finding: `${directory}: every page is whole` }
      const more = others.length === 0 ? '' : `, and ${others.length} more`
      return { check, result: 'problem', finding: `${directory}: ${first}${more}; the next start sees to it` }
    })
  } finally {
    for (const lock of locks) lock.release()
  }
}

function faultsOf(directory: string, isJournal: boolean): readonly string[] {
  const path = join(directory, dataFile)
  if (!existsSync(path)) return []
  const file = openPageFile(path)
  try {
    if (!isJournal) return checkState(file).faults
    const { faults, damagedBlocks } = checkJournal(file)
    return damagedBlocks === 0
      ? faults
      : [...faults, `${damagedBlocks} blocks hold other bytes than were written`]
  } finally {
    file.close()
  }
}
