import Type from 'typebox'
import { deviceIdPattern, eventIdPattern } from '../../core/words.ts'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import { Moment, SnapshotSchema } from './schemas.ts'

const params = Type.Object({ device: Type.String(), event: Type.String() })
const ListQuery = Type.Object({
  device: Type.Optional(Type.String({ pattern: deviceIdPattern })),
  from: Type.Optional(Moment),
  to: Type.Optional(Type.Unsafe<number>({ ...Moment, description: 'Epoch ms, not included.' })),
  after: Type.Optional(
    Type.String({
      pattern: `^\\d{1,14}/${deviceIdPattern.slice(1, -1)}/${eventIdPattern.slice(1, -1)}$`,
      description: 'at/device/event of the last one of the page before.',
    }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 100 }),
})
const HoldBody = Type.Object(
  {
    until: Moment,
    reason: Type.String({ minLength: 1, maxLength: 200 }),
  },
  { additionalProperties: false },
)

const at = '/api/v1/snapshots/:device/:event'
const errors = ['SNAPSHOT_NOT_FOUND'] as const
const jpegs = ['image/jpeg']
const Jpeg = Type.String({ description: 'The bytes of one JPEG.' })

/** Redacted pictures, their holds, and originals if they are kept. */
export function addSnapshotRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/snapshots',
    {
      config: { needs: 'snapshots.read', summary: 'Redacted pictures, the newest event first.' },
      schema: { querystring: ListQuery, response: answers(Type.Array(SnapshotSchema)) },
    },
    ({ viewer, query }) => {
      const { after, ...rest } = query
      const [at, device, event] = after?.split('/') ?? []
      return operations(viewer).listSnapshots({
        ...rest,
        ...(device === undefined ? {} : { after: { at: Number(at), device, event: event! } }),
      })
    },
  )
  app.get(
    at,
    {
      config: { needs: 'snapshots.read', summary: 'One, without the picture itself.', errors },
      schema: { params, response: answers(SnapshotSchema) },
    },
    ({ viewer, params }) => operations(viewer).showSnapshot(params),
  )
  for (const [name, needs, summary] of [
    ['picture', 'snapshots.read', 'The redacted picture; what was seen on it is its caption.'],
    ['original', 'originals.read', 'The original, faces and all, where those are kept.'],
  ] as const) {
    app.get(
      `${at}/${name}`,
      {
        config: { needs, summary, errors, produces: jpegs },
        schema: { params, response: answers(Jpeg) },
      },
      async ({ viewer, params }, reply) => {
        const asked = operations(viewer)
        const jpeg = await (name === 'picture' ? asked.readSnapshot(params) : asked.readOriginal(params))
        return reply.type('image/jpeg').send(jpeg)
      },
    )
  }
  app.put(
    `${at}/hold`,
    {
      config: { needs: 'snapshots.hold', summary: 'Keeps it beyond its time.', errors },
      schema: { params, body: HoldBody, response: answers(Type.Null(), 204) },
    },
    async ({ viewer, params, body }, reply) => {
      await operations(viewer).holdSnapshot(params, body)
      return reply.status(204).send()
    },
  )
  app.delete(
    `${at}/hold`,
    {
      config: {
        needs: 'snapshots.hold',
        summary: 'Holds it no longer.',
        errors: [...errors, 'HOLD_NOT_FOUND'],
      },
      schema: { params, response: answers(Type.Null(), 204) },
    },
    async ({ viewer, params }, reply) => {
      await operations(viewer).releaseSnapshot(params)
      return reply.status(204).send()
    },
  )
}
