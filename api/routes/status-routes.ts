import Type from 'typebox'
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

/** How the service is, and what only a person can say of its clock. */
export function addStatusRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/status',
    {
      config: { needs: 'status.read', summary: 'How the service is, where that takes somebody to act.' },
      schema: { response: answers(StatusSchema) },
    },
    ({ viewer }) => operations(viewer).status(),
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
