import Type from 'typebox'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import { Moment } from './schemas.ts'

const UnknownSchema = Type.Object({
  knocks: Type.Array(
    Type.Object({
      id: Type.String({ description: 'The client id; its length and shape where it can be no device’s.' }),
      code: Type.String({ description: 'Why it was not let in.' }),
      times: Type.Integer({ minimum: 1 }),
      firstAt: Moment,
      lastAt: Moment,
      address: Type.Optional(Type.String({ description: 'Of the latest.' })),
    }),
    { maxItems: 200, description: 'The latest first.' },
  ),
  dropped: Type.Integer({ minimum: 0, description: 'Left out for want of room.' }),
})

/** Devices that were refused: only for users who enrol devices, because a stranger's id may be anything. */
export function addUnknownRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/unknown-devices',
    {
      config: {
        needs: 'devices.write',
        summary: 'Devices that were not let in since the gateway started, and why.',
      },
      schema: { response: answers(UnknownSchema) },
    },
    ({ viewer }) => operations(viewer).listUnknown() as never,
  )
}
