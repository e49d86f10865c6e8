import Type from 'typebox'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import { ParkedSchema } from './schemas.ts'

const params = Type.Object({ key: Type.Integer({ minimum: 1 }) })
const errors = ['PARKED_NOT_FOUND'] as const

/** Payloads that broke the contract. */
export function addParkedRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/parked',
    {
      config: { needs: 'parked.read', summary: 'Payloads that broke the contract, the newest first.' },
      schema: {
        querystring: Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 100 }) }),
        response: answers(Type.Array(ParkedSchema)),
      },
    },
    ({ viewer, query }) => operations(viewer).listParked(query.limit),
  )
  app.get(
    '/api/v1/parked/:key',
    {
      config: { needs: 'parked.read', summary: 'One, with what may be kept of its payload.', errors },
      schema: { params, response: answers(ParkedSchema) },
    },
    ({ viewer, params }) => operations(viewer).showParked(params.key),
  )
  app.post(
    '/api/v1/parked/:key/replay',
    {
      config: {
        needs: 'parked.write',
        summary: 'Admits it again, by the contract as it is now.',
        errors: [...errors, 'PARKED_NOT_REPLAYABLE'],
      },
      schema: {
        params,
        response: answers(Type.Object({ outcome: Type.String({ examples: ['stored'] }) })),
      },
    },
    async ({ viewer, params }) => ({ outcome: await operations(viewer).replayParked(params.key) }),
  )
  app.delete(
    '/api/v1/parked/:key',
    {
      config: { needs: 'parked.write', summary: 'Forgets it; it stays counted.', errors },
      schema: { params, response: answers(Type.Null(), 204) },
    },
    async ({ viewer, params }, reply) => {
      await operations(viewer).dropParked(params.key)
      return reply.status(204).send()
    },
  )
}
