import { systemClock } from '../../core/clock.ts'
import { admitEvents } from '../../gateway/admit/admit-events.ts'
import { openLmdbJournal } from '../../gateway/journal/lmdb-journal.ts'
import { somewhere } from '../support/records.ts'

/** Admits payloads that hold a person's name to the journal in the given directory, and lets go of them. */
const marker = 'MARKER-ZHANG-SAN-OF-FLAT-1203'
const limits = { maxRememberedIds: 1e7, maxParked: 10, maxBytes: 1e10, reserveBytes: 0 }
const journal = await openLmdbJournal({ directory: process.argv[2]!, clock: systemClock, ...limits })
const time = new Date().toISOString()
const data = { direction: 'in', result: 'granted', method: 'card' }
for (let round = 0; round < 150; round++) {
  const appended = Array.from({ length: 20 }, (_, n) => {
    const event = { id: `${round}-${n}`, type: 'passage', time, data, personName: marker.repeat(8) }
    // Outside the pool of small buffers: memory of its own, which is freed.
    const payload = Buffer.allocUnsafeSlow(1500).fill(JSON.stringify(event).padEnd(1500))
    return journal.append(`d${n}`, admitEvents(payload, somewhere, Date.now()).items)
  })
  await Promise.all(appended)
}
await journal.stop()
process.send?.(marker)
process.disconnect?.()
