import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { journalContract } from './journal-contract.ts'

journalContract('memory', async clock => {
  const journal = createMemoryJournal(clock)
  return { journal, reader: journal }
})
