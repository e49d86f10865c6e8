import { systemClock } from '../../core/clock.ts'
import { openLmdbJournal } from '../../gateway/journal/lmdb-journal.ts'
import { item } from '../support/records.ts'

/** Appends to the journal in the given directory, from several devices at once, until it is killed. */
const directory = process.argv[2]!
const journal = await openLmdbJournal({
  directory,
  clock: systemClock,
  maxRememberedIds: 1e7,
  maxParked: 10,
  maxBytes: 1e10,
  reserveBytes: 0,
})
process.send?.('ready')
await Promise.all(
  ['d1', 'd2', 'd3'].map(async device => {
    for (let n = 0; ; n += 5) {
      journal.note(device, 'event', { received: 5 })
      await journal.append(
        device,
        Array.from({ length: 5 }, (_, i) => item(`n${n + i}`)),
      )
    }
  }),
)
