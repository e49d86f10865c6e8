import Type from 'typebox'
import { deviceIdPattern } from '../../core/words.ts'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'

const BackfillBody = Type.Object(
  {
    file: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 200 }),
      hash: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the file.' }),
    }),
    before: Type.Integer({ minimum: 0, description: 'How many rows of the file come before these.' }),
    rows: Type.Array(
      Type.Object({
        device: Type.String({ pattern: deviceIdPattern }),
        event: Type.Unknown({ description: 'As its device would have sent it: docs/wire.md.' }),
      }),
      { minItems: 1, maxItems: 500 },
    ),
    dryRun: Type.Boolean({ default: false }),
  },
  { additionalProperties: false },
)
const AnswerSchema = Type.Object({
  known: Type.Integer({ description: 'How many of these rows were done with before, of the same file.' }),
  outcomes: Type.Array(
    Type.Union([
      Type.Enum(['stored', 'duplicate', 'valid']),
      Type.Object({ code: Type.String(), reason: Type.String() }),
    ]),
    { description: 'Of the rows behind those.' },
  ),
})

/** Stores history of any age. */
export function addBackfillRoutes(app: Api, operations: OperationsFor): void {
  app.post(
    '/api/v1/backfill',
    {
      config: {
        needs: 'events.backfill',
        summary: 'Stores events from before, in their own time.',
        errors: ['JOURNAL_FULL', 'JOURNAL_DISK_LOW', 'JOURNAL_COMMIT_FAILED'],
      },
      schema: { body: BackfillBody, response: answers(AnswerSchema) },
    },
    ({ viewer, body }) => operations(viewer).backfill(body as never),
  )
}
