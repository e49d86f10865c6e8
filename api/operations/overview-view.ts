import type { Severity } from '../../alerts/rules/rule.ts'
import type { Restarts } from '../../core/service-messages.ts'
import type { ClockView } from '../../core/trusted-time/trusted-time.ts'
import type { GatewayState } from '../../gateway/control/gateway-control.ts'
import type { RecentRecords } from '../recent-records.ts'

/** The service on one screen. Moments in epoch ms. */
export interface Overview {
  readonly version: string
  /** The supervisor's: SIGHUP to it reads the configuration again, SIGTERM stops the service. */
  readonly pid: number
  readonly startedAt: number
  /** Where the API is. */
  readonly http: string
  /** Absent where the gateway does not answer. */
  readonly gateway?: GatewayState
  /** Enrolled. */
  readonly devices: number
  readonly journaled: ReturnType<RecentRecords['view']>
  /** Absent before the first event. */
  readonly lastReceivedAt?: number
  /** Such as are not closed; absent on a gateway alone. */
  readonly alerts?: Readonly<Record<Severity, number>>
  readonly disk: DiskView
  readonly clock: ClockView
  /** Ends and restarts of its processes, since the service started. */
  readonly restarts: Readonly<Record<string, Restarts>>
  readonly configured: Configured
}

export interface DiskView {
  readonly freeBytes: number
  /** Below it devices are refused. */
  readonly reserveBytes: number
}

/** The parts that there should be, by the configuration of the service. */
export interface Configured {
  readonly taggerWorkers: number
  readonly taggerMaxBacklog: number
  readonly uplink: boolean
}

export interface OverviewOperations {
  /** Throws API_UNAVAILABLE where no service is up. */
  overview(): Promise<Overview>
}

/** A service that is up knows this of itself. */
export interface ServiceParts {
  readonly pid: number
  readonly startedAt: number
  readonly url: () => string
  readonly recent: RecentRecords
  readonly disk: () => Promise<DiskView>
  readonly restarts: () => Readonly<Record<string, Restarts>>
  readonly configured: Configured
}
