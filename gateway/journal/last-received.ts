import type { JournalReader } from './journal.ts'

/** The latest time that a journal has seen, 0 if it has seen none: a witness if the line on disk is lost or is an older copy. */
export function lastReceivedAt(reader: Pick<JournalReader, 'audit' | 'end'>): number {
  let latest = 0
  for (const { event, snapshot } of reader.audit(reader.end()).tallies.values())
    latest = Math.max(latest, event.lastReceivedAt, snapshot.lastReceivedAt)
  return latest
}
