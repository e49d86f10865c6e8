import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { type DataPaths, prepareDataDirectory, stateDirectories } from '../core/data-directory.ts'
import { openLmdbState } from '../core/state/lmdb-state.ts'
import { openWriter } from '../gateway/journal/lmdb-writer.ts'

const isThere = (directory: string) => existsSync(join(directory, 'data.mdb'))

/**
 * Makes what is missing of a data directory: directories, and databases, since readers cannot open what has never been
 * written, and the processes may come up in any order. Leaves what is there alone: somebody may be writing it.
 */
export async function prepareData(paths: DataPaths, config: Config): Promise<void> {
  prepareDataDirectory(paths)
  for (const directory of Object.values(stateDirectories(paths)))
    if (!isThere(directory)) await openLmdbState({ directory }).close()
  if (!isThere(paths.journal))
    await openWriter({ directory: paths.journal, ...config.journal, registered: [] }).close()
}
