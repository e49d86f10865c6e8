/** Words that every room shares. */

/** Position of a record in a journal: 1, 2, 3 … without gaps; 0 is before the first. */
export type Seq = number

/** `[A-Za-z0-9_-]{1,64}`; also its MQTT client id and user name. */
export type DeviceId = string

export const deviceIdPattern = '^[A-Za-z0-9_-]{1,64}$'

/** How far back a device may report what happened, and so how long its ids are remembered. */
export const backfillDays = 31

/** Unique per device for ever: a counter with a boot id, or a UUID. */
export type EventId = string

export const eventIdPattern = '^[A-Za-z0-9._:~-]{1,64}$'

/**
 * Where a device stood at some time. A device that is moved gets a new place, so that what it
 * reported before stays where it happened.
 */
export interface Place {
  /** Of the registry. It grows: of two places of a device, the later one has the greater. */
  readonly id: number
  readonly device: DeviceId
  readonly site: string
  readonly building: string
  /** The door or lane that the device stands at. */
  readonly point: string
  /** IANA time zone, such as Asia/Shanghai. */
  readonly zone: string
}

/** A place and nothing else, its members in one order: the same place is the same text. */
export const plainPlace = ({ id, device, site, building, point, zone }: Place): Place => ({
  id,
  device,
  site,
  building,
  point,
  zone,
})

/** What is counted in a snapshot; whatever else a model can tell apart is dropped. Append-only. */
export const objectKinds = [
  'person',
  'bicycle',
  'motorcycle',
  'car',
  'bus',
  'truck',
  'dog',
  'suitcase',
] as const

export type ObjectKind = (typeof objectKinds)[number]
