import type { Api } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import type { Turns } from '../turns.ts'
import { addAccessRoutes } from './access-routes.ts'
import { addAlertRoutes } from './alert-routes.ts'
import { addBackfillRoutes } from './backfill-routes.ts'
import { addChannelRoutes } from './channel-routes.ts'
import { addDeviceRoutes } from './device-routes.ts'
import { addExportRoutes } from './export-routes.ts'
import { addFlowRoutes } from './flow-routes.ts'
import { addHealthRoutes, type HealthParts } from './health-routes.ts'
import { addParkedRoutes } from './parked-routes.ts'
import { addRetentionRoutes } from './retention-routes.ts'
import { addRuleRoutes } from './rule-routes.ts'
import { addSnapshotRoutes } from './snapshot-routes.ts'
import { addSnoozeRoutes } from './snooze-routes.ts'
import { addStatusRoutes } from './status-routes.ts'
import { addUnknownRoutes } from './unknown-routes.ts'

export interface RouteParts extends HealthParts {
  /** Turns for flow queries. */
  readonly turns: Turns
}

/** Adds the routes of all operations. */
export function addRoutes(app: Api, operations: OperationsFor, { turns, ...health }: RouteParts): void {
  addHealthRoutes(app, health)
  addDeviceRoutes(app, operations)
  addUnknownRoutes(app, operations)
  addFlowRoutes(app, operations, turns)
  addExportRoutes(app, operations)
  addBackfillRoutes(app, operations)
  addSnapshotRoutes(app, operations)
  addAlertRoutes(app, operations)
  addSnoozeRoutes(app, operations)
  addChannelRoutes(app, operations)
  addParkedRoutes(app, operations)
  addRetentionRoutes(app, operations)
  addRuleRoutes(app, operations)
  addStatusRoutes(app, operations)
  addAccessRoutes(app, operations)
}
