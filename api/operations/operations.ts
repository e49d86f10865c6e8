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
 * Everything an operator or analyst can ask of a running or a stopped Lintel. The API offers it over
 * HTTP; the command line uses it that way (remote-operations.ts) or, with no service up, directly
 * (local-operations.ts). Errors are LintelErrors with the same codes either way.
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
  /** What a gateway says of a device: `{gateway, device, kind, site, building, point, zone}`. */
  announceDevice(announced: unknown): Promise<Announced>
  /** Throws IMPORT_ROW_INVALID if the file as a whole cannot be read; else each bad row is in the report. A dry run changes nothing. */
  importDevices(csv: string, options?: { readonly dryRun?: boolean }): Promise<ImportReport>
  listDevices(): Promise<DeviceView[]>
  /** Throws DEVICE_NOT_FOUND. */
  showDevice(device: DeviceId): Promise<DeviceView>
  /** Who knocks and is not let in, since the gateway started; nobody while it is down. */
  listUnknown(): Promise<UnknownDevices>
  /** The new token. Throws DEVICE_NOT_FOUND. */
  rotateToken(device: DeviceId): Promise<string>
  /** Throws DEVICE_NOT_FOUND. */
  setEnabled(device: DeviceId, enabled: boolean): Promise<void>
  /**
   * Takes a device away. What it sent stays counted where it stood; one that has sent nothing leaves nothing. Throws
   * DEVICE_NOT_FOUND, or DEVICE_CONNECTED where it is connected and `force` is not said.
   */
  removeDevice(device: DeviceId, options?: { readonly force?: boolean }): Promise<RemovedDevice>
  /** Throws FLOW_QUERY_INVALID, FLOW_QUERY_TOO_WIDE or STORE_UNAVAILABLE. With `file`, the format of the file that it goes into, it is on record. */
  flow(question: FlowQuestion, file?: string): Promise<FlowAnswer>
  /**
   * Begins a file of rows as they rest; `signal` ends it. Throws API_REQUEST_INVALID, API_FORBIDDEN, EXPORT_BUSY or
   * STORE_UNAVAILABLE.
   */
  exportRows(question: ExportQuestionOf, signal?: AbortSignal): Promise<Exported>
  /** Stores history. Throws API_REQUEST_INVALID, API_UNAVAILABLE or the journal's errors. */
  backfill(part: BackfillPart): Promise<BackfillAnswer>
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
  /** The original, faces and all. Throws SNAPSHOT_NOT_FOUND where none is kept. */
  readOriginal(key: PictureKey): Promise<Buffer>
  /** Keeps it beyond its time, at most until `until`. Throws SNAPSHOT_NOT_FOUND, or API_REQUEST_INVALID for a time that is past or years ahead. */
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
  /** The account, and the link with which its person sets a password. Throws ACCOUNT_INVALID or ACCOUNT_EXISTS. */
  addUser(user: NewAccount): Promise<Invited & { readonly name: string }>
  /**
   * A new link, which also lets in who forgot the password; the one before is worth nothing. Without a name, for the
   * first admin. Throws ACCOUNT_NOT_FOUND or ACCOUNT_EXISTS.
   */
  inviteUser(name?: string): Promise<Invited>
  /** A disabled account is signed out at once. Throws ACCOUNT_NOT_FOUND. */
  setUserEnabled(name: string, enabled: boolean): Promise<void>
  /** Throws ACCOUNT_NOT_FOUND. */
  removeUser(name: string): Promise<void>
  listTokens(): Promise<ApiToken[]>
  /** Throws ACCOUNT_INVALID or TOKEN_EXISTS. */
  createToken(wanted: NewAccount & { readonly days: number }): Promise<ApiToken & { readonly token: string }>
  /** Throws TOKEN_NOT_FOUND. */
  revokeToken(name: string): Promise<void>
  /** Oldest first, those after a position; without one the latest. */
  listAudit(query: { readonly after?: number; readonly limit: number }): Promise<AuditEntry[]>
  /** Whether the log is whole, and goes on from a link that was noted down. Throws API_REQUEST_INVALID. */
  verifyAudit(noted?: string): Promise<AuditVerdict>
}

/** In the zone of the configuration unless it names one. */
export type ExportQuestionOf = Omit<ExportQuestion, 'zone'> & { readonly zone?: string | undefined }

/** The operations as one who asks has them: what they may not see is not there, and what they do is on record. */
export type OperationsFor = (viewer: Viewer) => Operations

/** An account as an admin sees it: never its password's hash. */
export interface UserView extends Omit<Account, 'password'> {
  /** Nobody has set its password yet. */
  readonly invited: boolean
}

/** The secret is what stands behind `/invite#` in the link. */
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
  /** `forgotten`: it had sent nothing, and is as if it had never been enrolled. */
  readonly outcome: 'removed' | 'forgotten'
  /** Its events, which stay. */
  readonly events: number
  readonly snapshots: number
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
  /**
   * The latest that was turned away, since the gateway started: of this device, or, where it is `claimed`, of somebody who
   * only called himself so.
   */
  readonly lastRefusal?: Awaited<ReturnType<GatewayControl['refusals']>>[number]
  /** How its pictures are turned upright, where they are; told by `showDevice`. */
  readonly turned?: Turn
  /** Its camera seems to be mounted turned: at this turn its pictures show clearly more; told by `showDevice`. */
  readonly wantedTurn?: Turn
  /** Where that is claimed: the latest of those of the device itself. */
  readonly lastOwnRefusal?: Awaited<ReturnType<GatewayControl['refusals']>>[number]
}
