import type { Regions } from '../../config/regions.ts'
import type { Turn } from '../../core/turn.ts'
import type { DeviceId } from '../../core/words.ts'
import type { Announced } from '../../devices/registry/announcement.ts'
import type { ImportReport } from '../../devices/registry/csv.ts'
import type { Device } from '../../devices/registry/device.ts'
import type { Enrolled } from '../../devices/registry/enrol-one.ts'
import type { FlowAnswer } from '../../flow/answer.ts'
import type { Exported, ExportQuestion } from '../../flow/export/export-rows.ts'
import type { FlowQuestion } from '../../flow/question.ts'
import type { GatewayControl } from '../../gateway/control/gateway-control.ts'
import type { Outcome, ParkedEntry, ParkedKey } from '../../gateway/journal/journal.ts'
import type { Tally } from '../../gateway/journal/tally.ts'
import type { Hold } from '../../gateway/snapshots/holds.ts'
import type { Picture, PictureKey, PictureQuery } from '../../gateway/snapshots/snapshots.ts'
import type { Account, Invitation, NewAccount } from '../access/accounts.ts'
import type { ApiToken } from '../access/api-tokens.ts'
import type { AuditVerdict } from '../audit/audit-log.ts'
import type { AuditEntry } from '../audit/chain.ts'
import type { Ledger } from '../ledger.ts'
import type { Viewer } from '../viewer.ts'
import type { AlertOperations } from './alert-view.ts'
import type { BackfillAnswer, BackfillPart } from './backfill-part.ts'
import type { ChannelOperations } from './channel-operations.ts'
import type { OverviewOperations } from './overview-view.ts'
import type { RetentionOperations } from './retention-view.ts'
import type { RuleOperations } from './rule-view.ts'
import type { StatusOperations } from './status-view.ts'

/**
 * Everything an operator or analyst can ask of a running or stopped Lintel. The API offers it over HTTP. The command
 * line uses it that way (remote-operations.ts) or, if no service is running, directly (local-operations.ts). Errors are
 * LintelErrors with the same codes either way.
 */
export interface Operations
  extends AlertOperations,
    ChannelOperations,
    RetentionOperations,
    RuleOperations,
    StatusOperations,
    OverviewOperations {
  /** Doors and lanes of terminals and checkpoints, by site, building and point. */
  listPoints(): Promise<PointView[]>
  /** Adds one device or moves it. Throws DEVICE_INVALID. */
  addDevice(device: unknown): Promise<Exclude<Enrolled, { outcome: 'refused' }>>
  /** A gateway's announcement of a device: `{gateway, device, kind, site, building, point, zone}`. */
  announceDevice(announced: unknown): Promise<Announced>
  /** Throws IMPORT_ROW_INVALID if the whole file cannot be read; single faulty rows are in the report. A dry run changes nothing. */
  importDevices(csv: string, options?: { readonly dryRun?: boolean }): Promise<ImportReport>
  listDevices(): Promise<DeviceView[]>
  /** Throws DEVICE_NOT_FOUND. */
  showDevice(device: DeviceId): Promise<DeviceView>
  /** Devices refused since the gateway started; empty while it is down. */
  listUnknown(): Promise<UnknownDevices>
  /** Returns the new token. Throws DEVICE_NOT_FOUND. */
  rotateToken(device: DeviceId): Promise<string>
  /** Throws DEVICE_NOT_FOUND. */
  setEnabled(device: DeviceId, enabled: boolean): Promise<void>
  /**
   * Removes a device. What it sent stays counted where it stood; one that has sent nothing leaves no trace. Throws
   * DEVICE_NOT_FOUND, or DEVICE_CONNECTED if it is connected and `force` is not set.
   */
  removeDevice(device: DeviceId, options?: { readonly force?: boolean }): Promise<RemovedDevice>
  /** Throws FLOW_QUERY_INVALID, FLOW_QUERY_TOO_WIDE or STORE_UNAVAILABLE. With `file`, the format of the file to write, it is recorded. */
  flow(question: FlowQuestion, file?: string): Promise<FlowAnswer>
  /** Begins a file of stored rows; `signal` ends it. Throws API_REQUEST_INVALID, API_FORBIDDEN, EXPORT_BUSY or STORE_UNAVAILABLE. */
  exportRows(question: ExportQuestionOf, signal?: AbortSignal): Promise<Exported>
  /** Stores history. Throws API_REQUEST_INVALID, API_UNAVAILABLE or the journal's errors. */
  backfill(part: BackfillPart): Promise<BackfillAnswer>
  ledger(): Promise<Ledger>
  /** Masks and zone of a device's picture; undefined if it has none. Throws DEVICE_NOT_FOUND. */
  regions(device: DeviceId): Promise<Regions | undefined>
  /** Undefined removes them. Throws DEVICE_INVALID or DEVICE_NOT_FOUND. */
  setRegions(device: DeviceId, regions: unknown): Promise<void>
  /** Newest event first. */
  listSnapshots(query: PictureQuery): Promise<SnapshotView[]>
  /** Throws SNAPSHOT_NOT_FOUND. */
  showSnapshot(key: PictureKey): Promise<SnapshotView>
  /** The redacted JPEG, with what was seen on it in its caption. Throws SNAPSHOT_NOT_FOUND. */
  readSnapshot(key: PictureKey): Promise<Buffer>
  /** The original, including faces. Throws SNAPSHOT_NOT_FOUND if it is not kept. */
  readOriginal(key: PictureKey): Promise<Buffer>
  /**
   * Keeps it beyond its time, at most until `until`. Throws SNAPSHOT_NOT_FOUND, or API_REQUEST_INVALID for a time that
   * is past or years ahead.
   */
  holdSnapshot(key: PictureKey, hold: Pick<Hold, 'until' | 'reason'>): Promise<void>
  /** Throws HOLD_NOT_FOUND. */
  releaseSnapshot(key: PictureKey): Promise<void>
  /** Newest first. */
  listParked(limit: number): Promise<ParkedEntry[]>
  /** Throws PARKED_NOT_FOUND. */
  showParked(key: ParkedKey): Promise<ParkedEntry>
  /** Throws PARKED_NOT_FOUND or PARKED_NOT_REPLAYABLE. */
  replayParked(key: ParkedKey): Promise<Outcome>
  /** Throws PARKED_NOT_FOUND. */
  dropParked(key: ParkedKey): Promise<void>

  listUsers(): Promise<UserView[]>
  /** The account, and the link with which its owner sets a password. Throws ACCOUNT_INVALID or ACCOUNT_EXISTS. */
  addUser(user: NewAccount): Promise<Invited & { readonly name: string }>
  /**
   * A new link, also for somebody who forgot the password; it voids the previous one. Without a name, for the first
   * admin. Throws ACCOUNT_NOT_FOUND or ACCOUNT_EXISTS.
   */
  inviteUser(name?: string): Promise<Invited>
  /** A disabled account is signed out immediately. Throws ACCOUNT_NOT_FOUND. */
  setUserEnabled(name: string, enabled: boolean): Promise<void>
  /** Throws ACCOUNT_NOT_FOUND. */
  removeUser(name: string): Promise<void>
  listTokens(): Promise<ApiToken[]>
  /** Throws ACCOUNT_INVALID or TOKEN_EXISTS. */
  createToken(wanted: NewAccount & { readonly days: number }): Promise<ApiToken & { readonly token: string }>
  /** Throws TOKEN_NOT_FOUND. */
  revokeToken(name: string): Promise<void>
  /** Oldest first, after a position; without one, the latest. */
  listAudit(query: { readonly after?: number; readonly limit: number }): Promise<AuditEntry[]>
  /** Checks that the log is whole, and continues from a link that was noted. Throws API_REQUEST_INVALID. */
  verifyAudit(noted?: string): Promise<AuditVerdict>
}

/** In the configured zone unless it names one. */
export type ExportQuestionOf = Omit<ExportQuestion, 'zone'> & { readonly zone?: string | undefined }

/** The operations for one user: what the user may not see does not exist, and what the user does is recorded. */
export type OperationsFor = (viewer: Viewer) => Operations

/** An account as an admin sees it: never its password's hash. */
export interface UserView extends Omit<Account, 'password'> {
  /** Nobody has set its password yet. */
  readonly invited: boolean
}

/** The secret comes after `/invite#` in the link. */
export type Invited = Invitation & { readonly secret: string }

export interface PointView {
  readonly site: string
  readonly building: string
  readonly point: string
  readonly zone: string
  readonly kinds: readonly ('terminal' | 'checkpoint')[]
  /** When the first device there was enrolled. */
  readonly since: number
}

export type UnknownDevices = Awaited<ReturnType<GatewayControl['knocks']>>

export interface RemovedDevice {
  readonly device: DeviceId
  /** `forgotten`: it had sent nothing, and is treated as if it had never been enrolled. */
  readonly outcome: 'removed' | 'forgotten'
  /** Number of its events, which stay. */
  readonly events: number
  readonly snapshots: number
}

/** A redacted snapshot, where it was taken, and its hold. */
export interface SnapshotView extends Omit<Picture, 'place'> {
  readonly site: string
  readonly building: string
  readonly point: string
  readonly hold?: Hold
}

/** A device for its operator: never with its token. */
export interface DeviceView extends Omit<Device, 'tokenHash' | 'place'> {
  /** Start of its connection; absent if it is not connected, or if no service is running to tell. */
  readonly connectedAt?: number
  readonly events: Tally
  readonly snapshots: Tally
  /** The latest refusal since the gateway started: of this device or, if it is `claimed`, of somebody who only claimed its id. */
  readonly lastRefusal?: Awaited<ReturnType<GatewayControl['refusals']>>[number]
  /** How its pictures are turned upright; absent if they are not. Only from `showDevice`. */
  readonly turned?: Turn
  /** The camera seems to be mounted turned: with this turn, its pictures show clearly more. Only from `showDevice`. */
  readonly wantedTurn?: Turn
  /** If `lastRefusal` is claimed: the latest refusal of the device itself. */
  readonly lastOwnRefusal?: Awaited<ReturnType<GatewayControl['refusals']>>[number]
}
