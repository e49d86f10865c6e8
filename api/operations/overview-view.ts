import type { Severity } from '../../alerts/rules/rule.ts'
import type { Restarts } from '../../core/service-messages.ts'
import type { ClockView } from '../../core/trusted-time/trusted-time.ts'
import type { GatewayState } from '../../gateway/control/gateway-control.ts'
import type { RecentRecords } from '../recent-records.ts'

/** The service on one screen. Times in epoch ms. */
export interface Overview {
  readonly version: string
  /** The supervisor's process: on SIGHUP it reads the configuration again, on SIGTERM it stops the service. */
  readonly pid: number
  readonly startedAt: number
  /** Address of the API. */
  readonly http: string
  /** Absent if the gateway does not answer. */
  readonly gateway?: GatewayState
  /** Number of enrolled devices. */
  readonly devices: number
  readonly journaled: ReturnType<RecentRecords['view']>
  /** Absent before the first event. */
  readonly lastReceivedAt?: number
  /** Alerts that are not closed; absent on a gateway alone. */
  readonly alerts?: Readonly<Record<Severity, number>>
  readonly disk: DiskView
  readonly clock: ClockView
  /** Ends and restarts of its processes, since the service started. */
  readonly restarts: Readonly<Record<string, Restarts>>
  readonly configured: Configured
}

export interface DiskView {
  readonly freeBytes: number
  /** With less free space, devices are refused. */
  readonly reserveBytes: number
}

/** The parts that should be running, by the configuration of the service. */
export interface Configured {
  readonly taggerWorkers: number
  readonly taggerMaxBacklog: number
  readonly uplink: boolean
}

export interface OverviewOperations {
  /** Throws API_UNAVAILABLE if no service is running. */
  overview(): Promise<Overview>
}

/** Facts that a running service knows of itself. */
export interface ServiceParts {
  readonly pid: number
  readonly startedAt: number
  readonly url: () => string
  readonly recent: RecentRecords
  readonly disk: () => Promise<DiskView>
  readonly restarts: () => Readonly<Record<string, Restarts>>
  readonly configured: Configured
}
