import { randomBytes } from 'node:crypto'
import {
  type DataPaths,
  type EndpointName,
  findEndpoint,
  publishEndpoint,
  withdrawEndpoint,
} from './data-directory.ts'
import { createHttp } from './http.ts'
import type { Part } from './lifecycle.ts'

export interface MetricsServerOptions {
  readonly name: EndpointName
  readonly paths: DataPaths
  /** Prometheus text. */
  readonly metrics: () => Promise<string>
  readonly onError: (error: unknown) => void
}

export const metricsType = 'text/plain; version=0.0.4'

/** Serves the metrics of this process to the process that has the API: on loopback, with a token of this run. */
export function createMetricsServer({ name, paths, metrics, onError }: MetricsServerOptions): Part {
  const token = randomBytes(24).toString('base64url')
  const app = createHttp({ admit: token, onError })
  app.get('/metrics', async (_, reply) => reply.type(metricsType).send(await metrics()))
  return {
    name: `metrics of the ${name}`,
    async start() {
      const url = await app.listen({ host: '127.0.0.1', port: 0 })
      publishEndpoint(paths, name, { url, token, pid: process.pid })
    },
    async stop() {
      withdrawEndpoint(paths, name)
      await app.close()
    },
  }
}

/** Metrics of another process; empty if it is not running or does not answer. */
export async function readMetrics(paths: DataPaths, name: EndpointName): Promise<string> {
  const endpoint = findEndpoint(paths, name)
  if (endpoint === undefined) return ''
  try {
    const headers = { authorization: `Bearer ${endpoint.token}` }
    const response = await fetch(`${endpoint.url}/metrics`, { headers, signal: AbortSignal.timeout(2000) })
    return response.ok ? await response.text() : ''
  } catch {
    return ''
  }
}
