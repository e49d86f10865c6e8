import type { Clock } from '../core/clock.ts'
import type { Config } from '../core/config.ts'
import { type DataPaths, publishEndpoint, readIfThere, withdrawEndpoint } from '../core/data-directory.ts'
import { LintelError, messageOf } from '../core/errors.ts'
import type { Part } from '../core/lifecycle.ts'
import type { Logger } from '../core/log.ts'
import { metricsType, readMetrics } from '../core/metrics-server.ts'
import type { IntakeStats } from '../ingest/intake/intake-stats.ts'
import { createApp } from './app.ts'
import { createOperations } from './operations/local-operations.ts'
import type { OperationParts } from './operations/operation-parts.ts'
import { createStoreMetrics } from './store-metrics.ts'

export interface ApiParts extends Omit<OperationParts, 'defaultZone' | 'minCount'> {
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
  const { access, clock } = parts
  const { host, port } = config.http
  const operations = createOperations({ ...parts, defaultZone: config.zone, minCount: config.flow.minCount })
  const operatorToken = readIfThere(paths.token)!.trim()
  const { app } = createApp({
    operations,
    access,
    operatorToken,
    config,
    clock,
    onError: error => log.error({ error: messageOf(error) }, 'a request failed'),
  })
  const storeMetrics = createStoreMetrics({ ...parts, intake })
  app.get('/metrics', { config: { needs: 'nothing' } }, async (_, reply) => {
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
      await access.audit.trim()
      try {
        url = await app.listen({ host, port })
      } catch (error) {
        throw new LintelError('CONFIG_INVALID', `http cannot listen on ${host}:${port}: ${messageOf(error)}`)
      }
      publishEndpoint(paths, 'api', { url, token: operatorToken, pid: process.pid })
    },
    async stop() {
      withdrawEndpoint(paths, 'api')
      await app.close()
    },
  }
}
