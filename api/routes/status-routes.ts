import Type from 'typebox'
import { severities } from '../../alerts/rules/rule.ts'
import { doubtReasons } from '../../core/trusted-time/trusted-time.ts'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import { HeldDeletionSchema } from './retention-routes.ts'
import { Moment } from './schemas.ts'

const ClockSchema = Type.Object({
  state: Type.Enum(['sure', 'in-doubt'], {
    description: 'While it is in doubt, nothing is deleted because of its age.',
  }),
  at: Moment,
  systemAt: Moment,
  why: Type.Optional(
    Type.Enum([...doubtReasons], {
      description: 'How the clock of the system is to the last time that is known to be true.',
    }),
  ),
  doubtForMs: Type.Optional(Type.Integer({ minimum: 0, description: 'While the machine ran.' })),
})

const StatusSchema = Type.Object({ clock: ClockSchema, heldDeletions: Type.Array(HeldDeletionSchema) })
const TrustBody = Type.Object({ at: Moment }, { additionalProperties: false })

const count = Type.Integer({ minimum: 0 })
const Address = Type.Object({ host: Type.String(), port: Type.Integer() })
const OverviewSchema = Type.Object({
  version: Type.String(),
  pid: Type.Integer({ description: "The supervisor's process." }),
  startedAt: Moment,
  http: Type.String({ description: 'Where the API is.' }),
  gateway: Type.Optional(
    Type.Object(
      {
        listening: Type.Record(Type.String(), Address, { description: 'Where devices connect.' }),
        connected: count,
        refusing: Type.Optional(Type.String({ description: 'Why the journal takes nothing.' })),
        lag: Type.Record(Type.String(), count, { description: 'Records that each consumer is behind.' }),
      },
      { description: 'Absent where it does not answer.' },
    ),
  ),
  devices: Type.Integer({ minimum: 0, description: 'Enrolled.' }),
  journaled: Type.Object(
    { records: count, forMs: count },
    { description: 'In the last hour, or since the process began.' },
  ),
  lastReceivedAt: Type.Optional(Moment),
  alerts: Type.Optional(
    Type.Object(Object.fromEntries(severities.map(severity => [severity, count])), {
      description: 'Such as are not closed.',
    }),
  ),
  disk: Type.Object({
    freeBytes: Type.Number(),
    reserveBytes: Type.Number({ description: 'Below it devices are refused.' }),
  }),
  clock: ClockSchema,
  restarts: Type.Record(Type.String(), Type.Object({ ended: count, hung: count })),
  configured: Type.Object({ taggerWorkers: count, taggerMaxBacklog: count, uplink: Type.Boolean() }),
})

/** State of the service, and confirming its clock. */
export function addStatusRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/status',
    {
      config: { needs: 'status.read', summary: 'How the service is, where that takes somebody to act.' },
      schema: { response: answers(StatusSchema) },
    },
    ({ viewer }) => operations(viewer).status(),
  )
  app.get(
    '/api/v1/overview',
    {
      config: {
        needs: 'metrics.read',
        summary: 'The service on one screen: since when, devices, what waits, open alerts, the disk.',
      },
      schema: { response: answers(OverviewSchema) },
    },
    ({ viewer }) => operations(viewer).overview(),
  )
  app.post(
    '/api/v1/clock/trust',
    {
      config: {
        needs: 'clock.trust',
        summary:
          'Says what time it is, by another clock: if that of the machine says the same, it is believed.',
        errors: ['CLOCK_DIFFERS', 'API_UNAVAILABLE'],
      },
      schema: { body: TrustBody, response: answers(ClockSchema) },
    },
    ({ viewer, body }) => operations(viewer).trustClock(body),
  )
}
