import type { DeviceId, EventId } from '../../core/words.ts'

/** Topics of the wire contract, v1. docs/wire.md says what each is for. */
const root = 'lintel/v1/'

export const eventTopic = (device: DeviceId) => `${root}${device}/event`
export const statusTopic = (device: DeviceId) => `${root}${device}/status`
export const commandTopic = (device: DeviceId) => `${root}${device}/command`
export const snapshotTopic = (device: DeviceId, event: EventId) => `${snapshotPrefix(device)}${event}`
export const snapshotPrefix = (device: DeviceId) => `${root}${device}/snapshot/`

/** An array of more events than this is parked whole. */
export const maxEventsPerMessage = 500
