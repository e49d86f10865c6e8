import Type from 'typebox'
import { version } from '../../core/version.ts'
import { type Api, type ApiHttpOptions, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import type { Turns } from '../turns.ts'
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
  pid: Type.Optional(Type.Integer({ description: 'For those whom the service knows.' })),
})

export interface RouteParts {
  readonly identify: ApiHttpOptions['identify']
  /** Of questions of flow. */
  readonly turns: Turns
}

/** Every operation, at its place. */
export function addRoutes(app: Api, operations: OperationsFor, { identify, turns }: RouteParts): void {
  app.get(
    '/api/v1/health',
    {
      config: { needs: 'nothing', summary: 'Whether the service is up.' },
      schema: { response: answers(HealthSchema) },
    },
    async request => {
      const known = await identify(request)
      return { status: 'ok' as const, version, ...(known === undefined ? {} : { pid: process.pid }) }
    },
  )
  addDeviceRoutes(app, operations)
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
