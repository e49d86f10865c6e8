import Type from 'typebox'
import { version } from '../../core/version.ts'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import { addAccessRoutes } from './access-routes.ts'
import { addAlertRoutes } from './alert-routes.ts'
import { addBackfillRoutes } from './backfill-routes.ts'
import { addChannelRoutes } from './channel-routes.ts'
import { addDeviceRoutes } from './device-routes.ts'
import { addExportRoutes } from './export-routes.ts'
import { addFlowRoutes } from './flow-routes.ts'
import { addParkedRoutes } from './parked-routes.ts'
import { addRetentionRoutes } from './retention-routes.ts'
import { addRuleRoutes } from './rule-routes.ts'
import { addSnapshotRoutes } from './snapshot-routes.ts'
import { addSnoozeRoutes } from './snooze-routes.ts'
import { addStatusRoutes } from './status-routes.ts'

const HealthSchema = Type.Object({
  status: Type.Literal('ok'),
  version: Type.String(),
  pid: Type.Integer(),
})

/** Every operation, at its place. */
export function addRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/health',
    {
      config: { needs: 'nothing', summary: 'Whether the service is up.' },
      schema: { response: answers(HealthSchema) },
    },
    async () => ({ status: 'ok' as const, version, pid: process.pid }),
  )
  addDeviceRoutes(app, operations)
  addFlowRoutes(app, operations)
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
