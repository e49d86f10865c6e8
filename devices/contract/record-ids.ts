import type { EventId } from '../../core/words.ts'

/**
 * Ids of records that are ours to name. `#` is in no event's id, so the two cannot meet; and they follow from
 * the event's, so that the same picture and what was seen on it are stored once, however often they come.
 */
const snapshotPrefix = '#snapshot/'
const sightingPrefix = '#sighting/'

export const snapshotRecordId = (event: EventId) => snapshotPrefix + event
export const sightingRecordId = (event: EventId) => sightingPrefix + event

/** The event that a record of a snapshot or a sighting belongs to. */
export const eventOfRecordId = (id: string): EventId => id.slice(id.indexOf('/') + 1)
