import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import type { Clock } from '../core/clock.ts'
import type { Config } from '../core/config.ts'
import { type DataPaths, publishEndpoint, readIfThere, withdrawEndpoint } from '../core/data-directory.ts'
import { LintelError, messageOf } from '../core/errors.ts'
import { createHttp } from '../core/http.ts'
import type { Part } from '../core/lifecycle.ts'
import type { Logger } from '../core/log.ts'
import { metricsType, readMetrics } from '../core/metrics-server.ts'
import { version } from '../core/version.ts'
import type { IntakeStats } from '../ingest/intake/intake-stats.ts'
import { createOperations, type OperationParts } from './local-operations.ts'
import type { Operations } from './operations.ts'
import { addSnapshotRoutes } from './snapshot-routes.ts'
import { createStoreMetrics } from './store-metrics.ts'

export interface ApiParts extends Omit<OperationParts, 'defaultZone'> {
  paths: DataPaths
  config: Config
  clock: Clock
  log: Logger
  intake?: { stats(): IntakeStats }
}

/** The API over the parts of this process. */
export function createLocalApi({
  paths,
  config,
  log,
  intake,
  ...parts
}: ApiParts): Part & { readonly url: string } {
  const operations = createOperations({ ...parts, defaultZone: config.zone })
  const token = readIfThere(paths.token)!.trim()
  const app = createHttp({
    token,
    open: ['/api/v1/health', '/metrics'],
    onError: error => log.error({ error: messageOf(error) }, 'a request failed'),
  })
  addRoutes(app, operations)
  const storeMetrics = createStoreMetrics({ ...parts, intake })
  app.get('/metrics', async (_, reply) => {
    const others = [
      parts.door.metrics().catch(() => ''),
      readMetrics(paths, 'tagger'),
      readMetrics(paths, 'uplink'),
    ]
    return reply.type(metricsType).send((await Promise.all([...others, storeMetrics()])).join('\n'))
  })
  let url = ''
  return {
    name: 'api',
    get url() {
      return url
    },
    async start() {
      const { host, port } = config.http
      try {
        url = await app.listen({ host, port })
      } catch (error) {
        throw new LintelError('CONFIG_INVALID', `http cannot listen on ${host}:${port}: ${messageOf(error)}`)
      }
      publishEndpoint(paths, 'api', { url, token, pid: process.pid })
    },
    async stop() {
      withdrawEndpoint(paths, 'api')
      await app.close()
    },
  }
}

const DeviceParams = Type.Object({ device: Type.String() })
const ParkedParams = Type.Object({ key: Type.Integer({ minimum: 1 }) })
const FlowQuery = Type.Object({
  measure: Type.String(),
  from: Type.String(),
  to: Type.String(),
  every: Type.String({ default: '1h' }),
  by: Type.String({ default: '', description: 'Dimensions, separated by commas.' }),
  zone: Type.String(),
})

/** Every operation, at its place. */
export function addRoutes(plain: ReturnType<typeof createHttp>, operations: Operations): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>()
  app.addContentTypeParser('text/csv', { parseAs: 'string' }, (_, body, done) => done(null, body))

  app.get('/api/v1/health', async () => ({ status: 'ok', version, pid: process.pid }))

  app.get('/api/v1/devices', () => operations.listDevices())
  app.post('/api/v1/devices', async (request, reply) => {
    const answer = await operations.addDevice(request.body)
    return reply.status(answer.outcome === 'enrolled' ? 201 : 200).send(answer)
  })
  app.post('/api/v1/devices/announce', request => operations.announceDevice(request.body))
  app.post('/api/v1/devices/import', { schema: { body: Type.String() } }, request =>
    operations.importDevices(request.body),
  )
  app.get('/api/v1/devices/:device', { schema: { params: DeviceParams } }, request =>
    operations.showDevice(request.params.device),
  )
  app.post('/api/v1/devices/:device/rotate', { schema: { params: DeviceParams } }, async request => ({
    token: await operations.rotateToken(request.params.device),
  }))
  for (const [verb, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    app.post(
      `/api/v1/devices/:device/${verb}`,
      { schema: { params: DeviceParams } },
      async (request, reply) => {
        await operations.setEnabled(request.params.device, enabled)
        return reply.status(204).send()
      },
    )
  }

  app.get('/api/v1/flow', { schema: { querystring: FlowQuery } }, ({ query }) =>
    operations.flow({ ...query, by: query.by === '' ? [] : query.by.split(',') }),
  )
  app.get('/api/v1/ledger', () => operations.ledger())
  addSnapshotRoutes(plain, operations)

  app.get(
    '/api/v1/parked',
    {
      schema: {
        querystring: Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 100 }) }),
      },
    },
    request => operations.listParked(request.query.limit),
  )
  app.get('/api/v1/parked/:key', { schema: { params: ParkedParams } }, request =>
    operations.showParked(request.params.key),
  )
  app.post('/api/v1/parked/:key/replay', { schema: { params: ParkedParams } }, async request => ({
    outcome: await operations.replayParked(request.params.key),
  }))
  app.delete('/api/v1/parked/:key', { schema: { params: ParkedParams } }, async (request, reply) => {
    await operations.dropParked(request.params.key)
    return reply.status(204).send()
  })
}
