import { onTestFinished } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { type LmdbJournalOptions, openLmdbJournal } from '../../gateway/journal/lmdb-journal.ts'
import { openLmdbJournalReader } from '../../gateway/journal/lmdb-reader.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { journalContract } from './journal-contract.ts'

export const roomy = { maxRememberedIds: 1e6, maxParked: 1000, maxBytes: 1e9, reserveBytes: 0 }

async function openIn(directory: string, change: Partial<LmdbJournalOptions> = {}) {
  const journal = await openLmdbJournal({ directory, clock: systemClock, ...roomy, ...change })
  const reader = openLmdbJournalReader(directory)
  onTestFinished(async () => {
    await reader.close()
    await journal.stop()
  })
  return { journal, reader }
}

journalContract('LMDB', async clock => openIn(await temporaryDirectory(), { clock }))
