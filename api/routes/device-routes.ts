import Type from 'typebox'
import { RegionsSchema } from '../../config/regions.ts'
import { NewDeviceSchema } from '../../devices/registry/device.ts'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import {
  AnnouncedSchema,
  DeviceSchema,
  EnrolledSchema,
  ImportSchema,
  LedgerSchema,
  NewDeviceBody,
  PointSchema,
  RegionsAnswerSchema,
  TokenSchema,
} from './schemas.ts'

const params = Type.Object({ device: Type.String({ description: 'Id of a device.' }) })
const AnnouncementSchema = Type.Object({ ...NewDeviceSchema.properties, gateway: Type.String() })
const RemovedSchema = Type.Object({
  device: Type.String(),
  outcome: Type.Enum(['removed', 'forgotten'], {
    description: 'forgotten: it had sent nothing, and is as if it had never been enrolled.',
  }),
  events: Type.Integer({ minimum: 0, description: 'That it sent, which stay.' }),
  snapshots: Type.Integer({ minimum: 0 }),
})
const errors = ['DEVICE_NOT_FOUND'] as const

/** Doors and lanes, the devices at them, and the ledger of what they sent. */
export function addDeviceRoutes(app: Api, operations: OperationsFor): void {
  app.addContentTypeParser('text/csv', { parseAs: 'string' }, (_, body, done) => done(null, body))

  app.get(
    '/api/v1/points',
    {
      config: { needs: 'points.read', summary: 'Doors and lanes by site and building.' },
      schema: { response: answers(Type.Array(PointSchema)) },
    },
    ({ viewer }) => operations(viewer).listPoints(),
  )
  app.get(
    '/api/v1/devices',
    {
      config: { needs: 'devices.read', summary: 'All devices, and how they are.' },
      schema: { response: answers(Type.Array(DeviceSchema)) },
    },
    ({ viewer }) => operations(viewer).listDevices(),
  )
  app.post(
    '/api/v1/devices',
    {
      config: {
        needs: 'devices.write',
        summary: 'Enrols a device (201), or moves it.',
        takes: NewDeviceBody,
        errors: ['DEVICE_INVALID'],
      },
      schema: { response: { ...answers(EnrolledSchema), ...answers(EnrolledSchema, 201) } },
    },
    async ({ viewer, body }, reply) => {
      const answer = await operations(viewer).addDevice(body)
      return reply.status(answer.outcome === 'enrolled' ? 201 : 200).send(answer)
    },
  )
  app.post(
    '/api/v1/devices/announce',
    {
      config: {
        needs: 'devices.write',
        summary: "For the gateway's own process: what a gateway account says of a device.",
        takes: AnnouncementSchema,
      },
      schema: { response: answers(AnnouncedSchema) },
    },
    ({ viewer, body }) => operations(viewer).announceDevice(body),
  )
  app.post(
    '/api/v1/devices/import',
    {
      config: {
        needs: 'devices.write',
        summary: 'Enrols the devices of a CSV, sent as text/csv.',
        errors: ['IMPORT_ROW_INVALID'],
      },
      schema: {
        querystring: Type.Object(
          { dryRun: Type.Boolean({ default: false, description: 'Only says what would come of it.' }) },
          { additionalProperties: false },
        ),
        body: Type.String(),
        response: answers(ImportSchema),
      },
    },
    ({ viewer, body, query }) => operations(viewer).importDevices(body, query),
  )
  app.get(
    '/api/v1/devices/:device',
    {
      config: { needs: 'devices.read', summary: 'One device.', errors },
      schema: { params, response: answers(DeviceSchema) },
    },
    ({ viewer, params }) => operations(viewer).showDevice(params.device),
  )
  app.delete(
    '/api/v1/devices/:device',
    {
      config: {
        needs: 'devices.write',
        summary: 'Takes it away. What it sent stays counted where it stood.',
        errors: [...errors, 'DEVICE_CONNECTED'],
      },
      schema: {
        params,
        querystring: Type.Object(
          { force: Type.Boolean({ default: false, description: 'Also where it is connected.' }) },
          { additionalProperties: false },
        ),
        response: answers(RemovedSchema),
      },
    },
    ({ viewer, params, query }) => operations(viewer).removeDevice(params.device, query),
  )
  app.post(
    '/api/v1/devices/:device/rotate',
    {
      config: {
        needs: 'devices.write',
        summary: 'Gives it a new token; the old one ends at once.',
        errors,
      },
      schema: { params, response: answers(TokenSchema) },
    },
    async ({ viewer, params }) => ({ token: await operations(viewer).rotateToken(params.device) }),
  )
  for (const [verb, enabled, summary] of [
    ['enable', true, 'Lets it connect again.'],
    ['disable', false, 'Disconnects it and keeps it out.'],
  ] as const) {
    app.post(
      `/api/v1/devices/:device/${verb}`,
      {
        config: { needs: 'devices.write', summary, errors },
        schema: { params, response: answers(Type.Null(), 204) },
      },
      async ({ viewer, params }, reply) => {
        await operations(viewer).setEnabled(params.device, enabled)
        return reply.status(204).send()
      },
    )
  }
  app.get(
    '/api/v1/devices/:device/regions',
    {
      config: { needs: 'devices.read', summary: 'Mask, zone and turn of its pictures.', errors },
      schema: { params, response: answers(RegionsAnswerSchema) },
    },
    async ({ viewer, params }) => ({ regions: (await operations(viewer).regions(params.device)) ?? null }),
  )
  app.put(
    '/api/v1/devices/:device/regions',
    {
      config: {
        needs: 'devices.write',
        summary: 'Sets mask, zone and turn of its pictures.',
        takes: RegionsSchema,
        errors: [...errors, 'DEVICE_INVALID'],
      },
      schema: { params, response: answers(Type.Null(), 204) },
    },
    async ({ viewer, params, body }, reply) => {
      await operations(viewer).setRegions(params.device, body ?? null)
      return reply.status(204).send()
    },
  )
  app.delete(
    '/api/v1/devices/:device/regions',
    {
      config: { needs: 'devices.write', summary: 'The whole picture as it comes, again.', errors },
      schema: { params, response: answers(Type.Null(), 204) },
    },
    async ({ viewer, params }, reply) => {
      await operations(viewer).setRegions(params.device, undefined)
      return reply.status(204).send()
    },
  )
  app.get(
    '/api/v1/ledger',
    {
      config: { needs: 'ledger.read', summary: 'Where each event that came to the door is now.' },
      schema: { response: answers(LedgerSchema) },
    },
    ({ viewer }) => operations(viewer).ledger(),
  )
}
