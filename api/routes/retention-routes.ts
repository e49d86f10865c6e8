import Type from 'typebox'
import { deviceIdPattern } from '../../core/words.ts'
import { type StoredKind, storedKinds } from '../../devices/contract/kinds.ts'
import { pictureStages } from '../../gateway/snapshots/picture-holdings.ts'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import { Moment } from './schemas.ts'

const Count = Type.Integer({ minimum: 0 })
const KindSchema = Type.Enum<StoredKind[]>([...storedKinds])
const Name = Type.String({ minLength: 1, maxLength: 64 })
const PlaceFilterSchema = Type.Object(
  {
    site: Type.Optional(Name),
    building: Type.Optional(Name),
    point: Type.Optional(Name),
    device: Type.Optional(Type.String({ pattern: deviceIdPattern })),
  },
  { additionalProperties: false },
)

const DeletionSchema = Type.Object({
  number: Type.Integer({ minimum: 1 }),
  kind: KindSchema,
  before: Moment,
  of: Type.Optional(PlaceFilterSchema),
  why: Type.Enum(['age', 'erasure']),
  at: Moment,
  expected: Type.Optional(Type.Integer({ minimum: 0, description: 'Rows that were to go when it began.' })),
  rows: Count,
  oldestAt: Type.Optional(
    Type.Union([Moment, Type.Null()], {
      description: 'Of the oldest row that is left; absent where it was cut off.',
    }),
  ),
})

export const HeldDeletionSchema = Type.Object({
  kind: KindSchema,
  before: Moment,
  at: Moment,
  expected: Type.Integer({ minimum: 0, description: 'Rows that would go.' }),
  of: Type.Integer({ minimum: 0, description: 'Rows that there are.' }),
  allowed: Type.Boolean(),
})

const RetentionSchema = Type.Object({
  rows: Type.Array(
    Type.Object({
      kind: KindSchema,
      rows: Count,
      bytes: Type.Integer({ minimum: 0, description: 'About.' }),
      oldestAt: Type.Optional(Moment),
      days: Type.Optional(Type.Integer({ description: 'Kept so long; for ever where it is absent.' })),
      last: Type.Optional(DeletionSchema),
      held: Type.Optional(HeldDeletionSchema),
    }),
  ),
  pictures: Type.Array(
    Type.Object({
      stage: Type.Enum([...pictureStages]),
      files: Count,
      bytes: Count,
      oldestAt: Type.Optional(Moment),
      keepMs: Type.Optional(Count),
      held: Count,
      overdue: Count,
    }),
  ),
})

const OverdueSchema = Type.Object({
  what: Type.Enum([...storedKinds, ...pictureStages]),
  limit: Moment,
  oldestAt: Moment,
})

const ErasureBody = Type.Object({ of: PlaceFilterSchema, before: Moment }, { additionalProperties: false })
const errors = ['STORE_UNAVAILABLE'] as const

/** How old the data is, how old it may be, and what was deleted. */
export function addRetentionRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/retention',
    {
      config: {
        needs: 'retention.read',
        summary: 'What there is, how old it is, and how long it is kept.',
        errors,
      },
      schema: { response: answers(RetentionSchema) },
    },
    ({ viewer }) => operations(viewer).retention(),
  )
  app.get(
    '/api/v1/retention/overdue',
    {
      config: {
        needs: 'retention.read',
        summary: 'What is there though it should be gone; empty where all is well.',
        errors,
      },
      schema: { response: answers(Type.Array(OverdueSchema)) },
    },
    ({ viewer }) => operations(viewer).verifyRetention(),
  )
  app.get(
    '/api/v1/retention/deletions',
    {
      config: { needs: 'retention.read', summary: 'What was deleted, the newest first.', errors },
      schema: {
        querystring: Type.Object({
          limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 100 }),
          after: Type.Optional(
            Type.Integer({ minimum: 1, description: 'Number of the last one of the page before.' }),
          ),
        }),
        response: answers(Type.Array(DeletionSchema)),
      },
    },
    ({ viewer, query }) => operations(viewer).listDeletions(query),
  )
  app.post(
    '/api/v1/retention/held/:kind/allow',
    {
      config: {
        needs: 'retention.erase',
        summary: 'Says that a deletion that is held because it is of so many rows is meant.',
        errors: [...errors, 'DELETION_NOT_HELD'],
      },
      schema: { params: Type.Object({ kind: KindSchema }), response: answers(HeldDeletionSchema) },
    },
    ({ viewer, params }) => operations(viewer).allowDeletion(params.kind),
  )
  app.post(
    '/api/v1/retention/erasures',
    {
      config: {
        needs: 'retention.erase',
        summary: 'Deletes the rows that come from a place, of every kind.',
        errors: [...errors, 'STORE_WRITE_FAILED', 'RETENTION_UNSUPPORTED'],
      },
      schema: { body: ErasureBody, response: answers(Type.Array(DeletionSchema)) },
    },
    ({ viewer, body }) => operations(viewer).eraseRows(body),
  )
}
