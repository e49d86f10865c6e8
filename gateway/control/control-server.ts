import { randomBytes } from 'node:crypto'
import { type DataPaths, publishEndpoint, withdrawEndpoint } from '../../core/data-directory.ts'
import { createHttp } from '../../core/http.ts'
import type { Part } from '../../core/lifecycle.ts'
import { metricsType } from '../../core/metrics-server.ts'
import type { NewSighting } from '../admit/sight.ts'
import type { PictureKey } from '../snapshots/snapshots.ts'
import type { BackfillOptions, BackfillRow, GatewayControl, PictureControl } from './gateway-control.ts'

/**
 * Offers the control of the gateway to the other processes of this machine: HTTP on loopback, on a free port, with a
 * token that changes with every start. Port and token are in the data directory.
 */
export function createControlServer(
  control: GatewayControl & PictureControl,
  paths: DataPaths,
  onError: (error: unknown) => void,
): Part {
  const token = randomBytes(24).toString('base64url')
  const app = createHttp({ admit: token, onError })
  app.get('/state', () => control.state())
  app.get('/sessions', () => control.sessions())
  app.get('/refusals', () => control.refusals())
  app.get('/knocks', () => control.knocks())
  app.post('/clock/trust', () => control.trustClock())
  app.get('/metrics', async (_, reply) => reply.type(metricsType).send(await control.metrics()))
  app.post<{ Params: { key: string } }>('/parked/:key/replay', async request => ({
    outcome: await control.replay(Number(request.params.key)),
  }))
  app.delete<{ Params: { key: string } }>('/parked/:key', async (request, reply) => {
    await control.drop(Number(request.params.key))
    return reply.status(204).send()
  })
  app.post<{ Body: { rows: BackfillRow[]; options: BackfillOptions } }>('/backfill', ({ body }) =>
    control.backfill(body.rows, body.options),
  )
  app.post<{ Params: { site: string }; Body: { payload: string } }>(
    '/alerts/:site',
    async ({ params, body }, reply) => {
      await control.publishAlert(params.site, body.payload)
      return reply.status(204).send()
    },
  )
  app.post<{ Body: NewSighting[] }>('/sightings', async (request, reply) => {
    await control.sight(request.body)
    return reply.status(204).send()
  })
  app.post<{ Body: PictureKey[] }>('/erased', async (request, reply) => {
    await control.erase(request.body)
    return reply.status(204).send()
  })
  return {
    name: 'control server',
    async start() {
      const url = await app.listen({ host: '127.0.0.1', port: 0 })
      publishEndpoint(paths, 'gateway', { url, token, pid: process.pid })
    },
    async stop() {
      withdrawEndpoint(paths, 'gateway')
      await app.close()
    },
  }
}
