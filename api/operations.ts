import type { Regions } from '../core/regions.ts'
import type { DeviceId } from '../core/words.ts'
import type { Announced } from '../devices/registry/announcement.ts'
import type { ImportReport } from '../devices/registry/csv.ts'
import type { Device } from '../devices/registry/device.ts'
import type { Enrolled } from '../devices/registry/registry.ts'
import type { FlowAnswer, FlowQuestion } from '../flow/query.ts'
import type { Door } from '../gateway/control/door.ts'
import type { Outcome, ParkedEntry, ParkedKey } from '../gateway/journal/journal.ts'
import type { Tally } from '../gateway/journal/tally.ts'
import type { Hold } from '../gateway/snapshots/holds.ts'
import type { Picture, PictureKey, PictureQuery } from '../gateway/snapshots/snapshots.ts'
import type { Ledger } from './ledger.ts'

/**
 * Everything an operator or analyst can ask of a running or a stopped Lintel. The API offers it over
 * HTTP; the command line uses it that way (remote-operations.ts) or, with no service up, directly
 * (local-operations.ts). Errors are LintelErrors with the same codes either way.
 */
export interface Operations {
  /** Adds one device or moves it. Throws DEVICE_INVALID. */
  addDevice(device: unknown): Promise<Exclude<Enrolled, { outcome: 'refused' }>>
  /** What a gateway says of a device: `{gateway, device, kind, site, building, point, zone}`. */
  announceDevice(announced: unknown): Promise<Announced>
  /** Throws IMPORT_ROW_INVALID if the file as a whole cannot be read; else each bad row is in the report. */
  importDevices(csv: string): Promise<ImportReport>
  listDevices(): Promise<DeviceView[]>
  /** Throws DEVICE_NOT_FOUND. */
  showDevice(device: DeviceId): Promise<DeviceView>
  /** The new token. Throws DEVICE_NOT_FOUND. */
  rotateToken(device: DeviceId): Promise<string>
  /** Throws DEVICE_NOT_FOUND. */
  setEnabled(device: DeviceId, enabled: boolean): Promise<void>
  /** Throws FLOW_QUERY_INVALID, FLOW_QUERY_TOO_WIDE or STORE_UNAVAILABLE. */
  flow(question: FlowQuestion): Promise<FlowAnswer>
  ledger(): Promise<Ledger>
  /** Masks and zone of a device's picture; undefined where there are none. Throws DEVICE_NOT_FOUND. */
  regions(device: DeviceId): Promise<Regions | undefined>
  /** Undefined clears them. Throws DEVICE_INVALID or DEVICE_NOT_FOUND. */
  setRegions(device: DeviceId, regions: unknown): Promise<void>
  /** Newest event first. */
  listSnapshots(query: PictureQuery): Promise<SnapshotView[]>
  /** Throws SNAPSHOT_NOT_FOUND. */
  showSnapshot(key: PictureKey): Promise<SnapshotView>
  /** The redacted JPEG, what was seen on it in its caption. Throws SNAPSHOT_NOT_FOUND. */
  readSnapshot(key: PictureKey): Promise<Buffer>
  /** Keeps it beyond its time, at most until `until`. Throws SNAPSHOT_NOT_FOUND. */
  holdSnapshot(key: PictureKey, hold: Pick<Hold, 'until' | 'reason'>): Promise<void>
  releaseSnapshot(key: PictureKey): Promise<void>
  /** Newest first. */
  listParked(limit: number): Promise<ParkedEntry[]>
  /** Throws PARKED_NOT_FOUND. */
  showParked(key: ParkedKey): Promise<ParkedEntry>
  /** Throws PARKED_NOT_FOUND or PARKED_NOT_REPLAYABLE. */
  replayParked(key: ParkedKey): Promise<Outcome>
  /** Throws PARKED_NOT_FOUND. */
  dropParked(key: ParkedKey): Promise<void>
}

/** A redacted snapshot, where it was taken, and who wants it kept. */
export interface SnapshotView extends Omit<Picture, 'place'> {
  readonly site: string
  readonly building: string
  readonly point: string
  readonly hold?: Hold
}

/** A device as its operator sees it: never its token. */
export interface DeviceView extends Omit<Device, 'tokenHash' | 'place'> {
  /** Since when; absent if it is not connected, or nobody can tell because no service is up. */
  readonly connectedAt?: number
  readonly events: Tally
  readonly snapshots: Tally
  /** The latest thing of this device's that was turned away, since the gateway started. */
  readonly lastRefusal?: Awaited<ReturnType<Door['refusals']>>[number]
}
