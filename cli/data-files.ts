import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type DataPaths, stateDirectories } from '../core/data-directory.ts'
import { dataFile } from '../core/lmdb-file/set-aside.ts'
import type { Logger } from '../core/log.ts'
import { openLmdbState } from '../core/state/lmdb-state.ts'
import { mendState } from '../core/state/mend-state.ts'
import type { Seq } from '../core/words.ts'
import { createRegistry } from '../devices/registry/registry.ts'
import { mendJournal } from '../gateway/journal/mend.ts'
import type { Remembrance } from '../gateway/journal/rebuild.ts'

/**
 * Reads all files of LMDB before LMDB does, which a damaged page would make end the process, and rebuilds those that are
 * damaged. No process may have them open. What was found is told; where a file cannot be rebuilt, throws JOURNAL_CORRUPT
 * or STATE_CORRUPT.
 */
export async function mendDataFiles(
  paths: DataPaths,
  log: Pick<Logger, 'error'>,
  now: number,
): Promise<void> {
  for (const directory of Object.values(stateDirectories(paths))) {
    const found = await mendState(directory, now)
    if (found === undefined) continue
    const { mended, setAside } = found
    const rows = Object.values(mended.saved).reduce((sum, n) => sum + n, 0)
    log.error(
      { code: 'STATE_CORRUPT', setAside, ...mended },
      `${directory} was damaged and has been rebuilt: ${rows} rows are saved; rows may be missing or older than they were in: ${mended.incomplete.join(', ') || 'none'}`,
    )
  }
  const health = await mendJournal(paths.journal, await remembranceOf(paths), now)
  if (health.kind === 'sound') return
  if (health.kind === 'blocks') {
    const text = `${health.damagedBlocks} blocks of the journal hold other bytes than were written: their records are lost and are counted by whoever reads them`
    return log.error({ code: 'JOURNAL_CORRUPT', damagedBlocks: health.damagedBlocks }, text)
  }
  const { mended, setAside } = health
  const positions = mended.lost.map(({ first, last }) => (first === last ? first : `${first} to ${last}`))
  const where = positions.length === 0 ? '' : ` (positions ${positions.slice(0, 10).join(', ')})`
  log.error(
    { code: 'JOURNAL_CORRUPT', setAside, ...mended },
    `the journal was damaged and has been rebuilt: ${mended.records} records are held, ${mended.lostRecords} lost${where}, ${mended.lostIds} ids forgotten, ${mended.recounted} counts made up from records, ${mended.nameless} devices or places without their name`,
  )
}

/** What readers have noted of the journal. */
async function remembranceOf(paths: DataPaths): Promise<Remembrance> {
  const directories = stateDirectories(paths)
  const seen = new Map<string, Seq>()
  let registered: Remembrance['registered'] = []
  for (const [name, directory] of Object.entries(directories)) {
    if (!existsSync(join(directory, dataFile))) continue
    const state = openLmdbState({ directory })
    const noted = state.table<{ seq: Seq } | Seq>('cursor').entries()
    for (const [key, value] of noted) {
      const id = key.split('/')[0]!
      seen.set(id, Math.max(seen.get(id) ?? 0, typeof value === 'number' ? value : value.seq))
    }
    if (name === 'state') registered = createRegistry(state).places()
    await state.close()
  }
  return { journals: seen, registered }
}
