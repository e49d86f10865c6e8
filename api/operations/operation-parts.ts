import type { Alerts } from '../../alerts/book/alerts.ts'
import type { Notifier } from '../../alerts/notify/notifier.ts'
import type { RuleBook } from '../../alerts/rules/rule-book.ts'
import type { Clock } from '../../core/clock.ts'
import type { TrustedTime } from '../../core/trusted-time/trusted-time.ts'
import type { CameraHints } from '../../devices/registry/camera-hints.ts'
import type { DeviceRegions } from '../../devices/registry/device-regions.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import type { ToldDays } from '../../flow/small/town.ts'
import type { GatewayControl } from '../../gateway/control/gateway-control.ts'
import type { JournalReader } from '../../gateway/journal/journal.ts'
import type { Holds } from '../../gateway/snapshots/holds.ts'
import type { PictureKey, SnapshotReader } from '../../gateway/snapshots/snapshots.ts'
import type { Store } from '../../ingest/store/store.ts'
import type { Access } from '../access/access.ts'
import type { Recipient } from '../ledger.ts'
import type { BackfillFiles } from './backfill-files.ts'
import type { ServiceParts } from './overview-view.ts'
import type { RetentionParts } from './retention-parts.ts'

/** The parts that the operations work on. */
export interface OperationParts {
  registry: Registry
  journal: JournalReader
  /** Absent on a gateway alone. */
  store: Store | undefined
  /** On a gateway alone that reports to a centre: what the centre has taken over. */
  uplink?: Recipient
  snapshots: SnapshotReader
  /** Absent if originals are not kept. */
  originals?: ((key: PictureKey) => Promise<Buffer | undefined>) | undefined
  holds: Holds
  /** Absent without a store. */
  retention?: RetentionParts | undefined
  /** Both absent on a gateway alone, where nothing is watched. */
  alerts?: Alerts | undefined
  /** Also absent if no service is running. */
  notifier?: Pick<Notifier, 'channels' | 'test'> | undefined
  ruleBook?: RuleBook | undefined
  regions: DeviceRegions
  /** Absent if pictures are not analysed. */
  cameraHints?: Pick<CameraHints, 'turnOf'>
  control: GatewayControl
  backfillFiles: BackfillFiles
  access: Access
  clock: Clock
  /** How days were first shown to users who see no small numbers; absent if only the operator asks. */
  toldDays?: Pick<ToldDays, 'settle'>
  /** Shows days again for which history was stored. */
  unsettleDays?: ToldDays['unsettle']
  /** Left out if the clock is never in doubt. */
  time?: Pick<TrustedTime, 'view'>
  /** Absent if no service is running. */
  service?: ServiceParts | undefined
  defaultZone: string
  /** The smallest number shown to users who may not see small ones. */
  minCount: number
}
