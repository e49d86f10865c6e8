import type { EventId } from '../../core/words.ts'

/**
 * Ids of records that the gateway names. No event's id has a `#`, so the two cannot collide. They follow from the id of
 * the event, so that a picture and its sighting are stored once, however often they come.
 */
const snapshotPrefix = '#snapshot/'
const sightingPrefix = '#sighting/'
const statusPrefix = '#status/'

export const snapshotRecordId = (event: EventId) => snapshotPrefix + event
export const sightingRecordId = (event: EventId) => sightingPrefix + event
/**
 * A status has no id of its own: its record id names the run that received it and a number, or the gateway that reported
 * it and the id that the gateway gave.
 */
export const statusRecordId = (by: string, id: string | number) => `${statusPrefix}${by}/${id}`

/** The id with which a status is passed on to a centre; the same record always gets the same id. */
export const reportedStatusId = (recordId: string): EventId =>
  recordId.slice(statusPrefix.length).replaceAll('/', '.').slice(-64)

/** The event that a record of a snapshot or a sighting belongs to. */
export const eventOfRecordId = (id: string): EventId => id.slice(id.indexOf('/') + 1)
