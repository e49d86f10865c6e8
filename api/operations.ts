import type { DeviceId } from '../core/words.ts'
import type { ImportReport } from '../devices/registry/csv.ts'
import type { Device } from '../devices/registry/device.ts'
import type { Enrolled } from '../devices/registry/registry.ts'
import type { FlowAnswer, FlowQuestion } from '../flow/query.ts'
import type { Door } from '../gateway/control/door.ts'
import type { Outcome, ParkedEntry, ParkedKey } from '../gateway/journal/journal.ts'
import type { Tally } from '../gateway/journal/tally.ts'
import type { Ledger } from './ledger.ts'

/**
 * Everything an operator or analyst can ask of a running or a stopped Lintel. The API offers it over
 * HTTP; the command line uses it that way (remote-operations.ts) or, with no service up, directly
 * (local-operations.ts). Errors are LintelErrors with the same codes either way.
 */
export interface Operations {
  /** Adds one device or moves it. Throws DEVICE_INVALID. */
  addDevice(device: unknown): Promise<Exclude<Enrolled, { outcome: 'refused' }>>
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
  /** Newest first. */
  listParked(limit: number): Promise<ParkedEntry[]>
  /** Throws PARKED_NOT_FOUND. */
  showParked(key: ParkedKey): Promise<ParkedEntry>
  /** Throws PARKED_NOT_FOUND or PARKED_NOT_REPLAYABLE. */
  replayParked(key: ParkedKey): Promise<Outcome>
  /** Throws PARKED_NOT_FOUND. */
  dropParked(key: ParkedKey): Promise<void>
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
