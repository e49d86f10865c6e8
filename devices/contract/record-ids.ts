import type { EventId } from '../../core/words.ts'

/**
 * Ids of records that are ours to name. `#` is in no event's id, so the two cannot meet; and they follow from
 * the event's, so that the same picture and what was seen on it are stored once, however often they come.
 */
const snapshotPrefix = '#snapshot/'
const sightingPrefix = '#sighting/'
const statusPrefix = '#status/'

export const snapshotRecordId = (event: EventId) => snapshotPrefix + event
export const sightingRecordId = (event: EventId) => sightingPrefix + event
/** A status has no id of its own: the run that received it and a number, or the gateway that reported it and the id it gave. */
export const statusRecordId = (by: string, id: string | number) => `${statusPrefix}${by}/${id}`

/** An id for a status that goes on to a centre; the same record has the same. */
export const reportedStatusId = (recordId: string): EventId =>
  recordId.slice(statusPrefix.length).replaceAll('/', '.').slice(-64)

/** The event that a record of a snapshot or a sighting belongs to. */
export const eventOfRecordId = (id: string): EventId => id.slice(id.indexOf('/') + 1)
