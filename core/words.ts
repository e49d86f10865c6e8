/** Types and limits that all folders share. */

/** Position of a record in a journal: 1, 2, 3 … without gaps; 0 is before the first. */
export type Seq = number

/** `[A-Za-z0-9_-]{1,64}`; also the device's MQTT client id and user name. */
export type DeviceId = string

export const deviceIdPattern = '^[A-Za-z0-9_-]{1,64}$'

/** The greatest age of an event that a device may report, and so the time for which its ids are remembered. */
export const backfillDays = 31

/** Unique per device for ever: a counter with a boot id, or a UUID. */
export type EventId = string

export const eventIdPattern = '^[A-Za-z0-9._:~-]{1,64}$'

/** A location of a device. A device that is moved gets a new place, so that its earlier events keep the old one. */
export interface Place {
  /** Given by the registry. Of two places of a device, the later one has the greater id. */
  readonly id: number
  readonly device: DeviceId
  readonly site: string
  readonly building: string
  /** The door or lane that the device stands at. */
  readonly point: string
  /** IANA time zone, such as Asia/Shanghai. */
  readonly zone: string
}

/** A place without any other members, in a fixed order: equal places give equal JSON. */
export const plainPlace = ({ id, device, site, building, point, zone }: Place): Place => ({
  id,
  device,
  site,
  building,
  point,
  zone,
})

/** Kinds of objects counted in a snapshot; other classes of a model are dropped. Append-only. */
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
