import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import type { createHttp } from '../core/http.ts'
import { deviceIdPattern, eventIdPattern } from '../core/words.ts'
import type { Operations } from './operations.ts'

const DeviceParams = Type.Object({ device: Type.String() })
const PictureParams = Type.Object({ device: Type.String(), event: Type.String() })
const ListQuery = Type.Object({
  device: Type.Optional(Type.String({ pattern: deviceIdPattern })),
  from: Type.Optional(Type.Integer({ minimum: 0, description: 'Epoch ms.' })),
  to: Type.Optional(Type.Integer({ minimum: 0, description: 'Epoch ms, not included.' })),
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
    until: Type.Integer({ minimum: 0, description: 'Epoch ms.' }),
    reason: Type.String({ minLength: 1, maxLength: 200 }),
  },
  { additionalProperties: false },
)

/** Redacted pictures, and the parts of a picture that a device shows and counts. */
export function addSnapshotRoutes(plain: ReturnType<typeof createHttp>, operations: Operations): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>()

  app.get('/api/v1/snapshots', { schema: { querystring: ListQuery } }, ({ query }) => {
    const { after, ...rest } = query
    const [at, device, event] = after?.split('/') ?? []
    return operations.listSnapshots({
      ...rest,
      ...(device === undefined ? {} : { after: { at: Number(at), device, event: event! } }),
    })
  })
  app.get('/api/v1/snapshots/:device/:event', { schema: { params: PictureParams } }, request =>
    operations.showSnapshot(request.params),
  )
  app.get(
    '/api/v1/snapshots/:device/:event/picture',
    { schema: { params: PictureParams } },
    async (request, reply) => {
      const jpeg = await operations.readSnapshot(request.params)
      return reply.type('image/jpeg').header('cache-control', 'no-store').send(jpeg)
    },
  )
  app.put(
    '/api/v1/snapshots/:device/:event/hold',
    { schema: { params: PictureParams, body: HoldBody } },
    async (request, reply) => {
      await operations.holdSnapshot(request.params, request.body)
      return reply.status(204).send()
    },
  )
  app.delete(
    '/api/v1/snapshots/:device/:event/hold',
    { schema: { params: PictureParams } },
    async (request, reply) => {
      await operations.releaseSnapshot(request.params)
      return reply.status(204).send()
    },
  )

  app.get('/api/v1/devices/:device/regions', { schema: { params: DeviceParams } }, async request => ({
    regions: (await operations.regions(request.params.device)) ?? null,
  }))
  app.put('/api/v1/devices/:device/regions', { schema: { params: DeviceParams } }, async (request, reply) => {
    await operations.setRegions(request.params.device, request.body ?? null)
    return reply.status(204).send()
  })
  app.delete(
    '/api/v1/devices/:device/regions',
    { schema: { params: DeviceParams } },
    async (request, reply) => {
      await operations.setRegions(request.params.device, undefined)
      return reply.status(204).send()
    },
  )
}
