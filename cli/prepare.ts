import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { type DataPaths, prepareDataDirectory, stateDirectories } from '../core/data-directory.ts'
import { openLmdbState } from '../core/state/lmdb-state.ts'
import { openWriter } from '../gateway/journal/lmdb-writer.ts'

const isThere = (directory: string) => existsSync(join(directory, 'data.mdb'))

/**
 * Creates missing directories and databases: readers cannot open one that was never written, and processes may start in
 * any order. Leaves existing ones alone, because somebody may be writing them.
 */
export async function prepareData(paths: DataPaths, config: Config): Promise<void> {
  prepareDataDirectory(paths)
  for (const directory of Object.values(stateDirectories(paths)))
    if (!isThere(directory)) await openLmdbState({ directory }).close()
  if (!isThere(paths.journal))
    await openWriter({ directory: paths.journal, ...config.journal, registered: [] }).close()
}
