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

/** What the operations work on. */
export interface OperationParts {
  registry: Registry
  journal: JournalReader
  /** Absent on a gateway alone. */
  store: Store | undefined
  /** Where a gateway alone has a centre that it reports to: what that has taken over. */
  uplink?: Recipient
  snapshots: SnapshotReader
  /** Absent where none are kept. */
  originals?: ((key: PictureKey) => Promise<Buffer | undefined>) | undefined
  holds: Holds
  /** Absent where there is no store. */
  retention?: RetentionParts | undefined
  /** Both absent on a gateway alone, where nobody watches. */
  alerts?: Alerts | undefined
  /** Absent, too, where no service is up. */
  notifier?: Pick<Notifier, 'channels' | 'test'> | undefined
  ruleBook?: RuleBook | undefined
  regions: DeviceRegions
  /** Absent where no picture is looked at. */
  cameraHints?: Pick<CameraHints, 'turnOf'>
  control: GatewayControl
  backfillFiles: BackfillFiles
  access: Access
  clock: Clock
  /** How days have been told to who sees no small number; absent where only the operator asks. */
  toldDays?: Pick<ToldDays, 'settle'>
  /** Has days told anew that history was stored for. */
  unsettleDays?: ToldDays['unsettle']
  /** Left out where the clock is never in doubt. */
  time?: Pick<TrustedTime, 'view'>
  /** Absent where no service is up. */
  service?: ServiceParts | undefined
  defaultZone: string
  /** The smallest number that is told to who may not see small ones. */
  minCount: number
}
