import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LintelError, messageOf } from '../../core/errors.ts'
import { openPageFile, type PageFile } from '../../core/lmdb-file/pages.ts'
import { dataFile, newDraft, removeDraft, replaceDamaged } from '../../core/lmdb-file/set-aside.ts'
import { checkJournal, type JournalCheck } from './check-journal.ts'
import { type Rebuilt, type Remembrance, rebuild } from './rebuild.ts'

export interface Mended extends Rebuilt {
  /** The first twenty faults found. */
  readonly faults: readonly string[]
}

export type JournalHealth =
  | { readonly kind: 'sound' }
  /** Some blocks hold other bytes than were written. Readers pass them over and count their records. */
  | { readonly kind: 'blocks'; readonly damagedBlocks: number }
  | { readonly kind: 'mended'; readonly mended: Mended; readonly setAside: string }

/**
 * Reads the whole file of a journal that no process has open, and rebuilds it if a page is damaged: LMDB would end every
 * process that meets one. The damaged file is set aside, with a report. Throws JOURNAL_CORRUPT if the rebuild fails.
 */
export async function mendJournal(
  directory: string,
  remembrance: Remembrance,
  now: number,
): Promise<JournalHealth> {
  const path = join(directory, dataFile)
  if (!existsSync(path)) return { kind: 'sound' }
  // LMDB takes an empty file for a new one. If anybody has read from it, it is a damaged one.
  if (statSync(path).size === 0 && remembrance.journals.size === 0) return { kind: 'sound' }
  const file = openPageFile(path)
  try {
    const check = checkJournal(file)
    if (check.faults.length > 0) return await mend(directory, file, check, remembrance, now)
    const { damagedBlocks } = check
    return damagedBlocks > 0 ? { kind: 'blocks', damagedBlocks } : { kind: 'sound' }
  } finally {
    file.close()
  }
}

async function mend(
  directory: string,
  file: PageFile,
  { faults }: JournalCheck,
  remembrance: Remembrance,
  now: number,
): Promise<JournalHealth> {
  try {
    const draft = newDraft(directory)
    const mended = { ...(await rebuild(file, draft, remembrance)), faults: faults.slice(0, 20) }
    return { kind: 'mended', mended, setAside: await replaceDamaged(directory, draft, mended, now) }
  } catch (error) {
    removeDraft(directory)
    throw new LintelError(
      'JOURNAL_CORRUPT',
      `the journal is damaged (${faults[0]}) and could not be rebuilt: ${messageOf(error)}`,
      { cause: error },
    )
  }
}
