import type { DeviceId, EventId } from '../../core/words.ts'

/** Topics of the wire contract, v1. docs/wire.md says what each is for. */
const root = 'lintel/v1/'

export const eventTopic = (device: DeviceId) => `${root}${device}/event`
export const statusTopic = (device: DeviceId) => `${root}${device}/status`
export const commandTopic = (device: DeviceId) => `${root}${device}/command`
export const snapshotTopic = (device: DeviceId, event: EventId) => `${snapshotPrefix(device)}${event}`
export const snapshotPrefix = (device: DeviceId) => `${root}${device}/snapshot/`
/** Only gateways use this topic and the next. */
export const sightingTopic = (device: DeviceId) => `${root}${device}/sighting`
export const placeTopic = (device: DeviceId) => `${root}${device}/place`

/** No device may have this id: its topics would be those of alerts. */
export const reservedId = 'alerts'
/** The open alerts of a site, retained, for the displays of its stations. */
export const alertsTopic = (site: string) => `${root}${reservedId}/${site}`

/** The device and the rest: `event`, `snapshot/b7-1`. Undefined for a topic that is not ours. */
export function splitTopic(topic: string): { device: DeviceId; rest: string } | undefined {
  const end = topic.startsWith(root) ? topic.indexOf('/', root.length) : -1
  return end < 0 ? undefined : { device: topic.slice(root.length, end), rest: topic.slice(end + 1) }
}

/** Most events, or sightings, in an array; a longer one is parked whole. */
export const maxEventsPerMessage = 500
/** Longest payload of JSON: 500 events have 60 to 150 kB, and all devices share the loop that parses it. */
export const maxJsonBytes = 256 * 1024
