import type { Clock } from '../core/clock.ts'
import type { Config } from '../core/config.ts'
import { type DataPaths, publishEndpoint, readIfThere, withdrawEndpoint } from '../core/data-directory.ts'
import { messageOf } from '../core/errors.ts'
import { boundConnections, connectionDefaults } from '../core/http-connections.ts'
import type { Part } from '../core/lifecycle.ts'
import { listenFailure } from '../core/listen-failure.ts'
import type { Logger } from '../core/log.ts'
import { metricsType, readMetrics } from '../core/metrics-server.ts'
import type { IntakeStats } from '../ingest/intake/intake-stats.ts'
import { createApp } from './app.ts'
import { createHttpMetrics } from './http-metrics.ts'
import { createAlertLive } from './live/alert-live.ts'
import { createLiveMetrics } from './live/live-metrics.ts'
import { createOperations } from './operations/local-operations.ts'
import type { OperationParts } from './operations/operation-parts.ts'
import { createStoreMetrics } from './store-metrics.ts'

export interface ApiParts extends Omit<OperationParts, 'defaultZone' | 'minCount'> {
  paths: DataPaths
  config: Config
  clock: Clock
  log: Logger
  intake?: { stats(): IntakeStats }
  /** What the watch, the alerts and their channels tell Prometheus. */
  alertMetrics?: () => Promise<string>
}

/** The API over the parts of this process. */
export function createLocalApi({
  paths,
  config,
  log,
  intake,
  alertMetrics,
  ...parts
}: ApiParts): Part & { readonly url: string } {
  const { access, clock } = parts
  const { host, port } = config.http
  const operations = createOperations({ ...parts, defaultZone: config.zone, minCount: config.flow.minCount })
  const operatorToken = readIfThere(paths.token)!.trim()
  const live = parts.alerts && createAlertLive(parts.alerts)
  const problems = new Map<string, number>()
  const { app, turns } = createApp({
    operations,
    access,
    operatorToken,
    config,
    clock,
    live,
    onError: error => log.error({ error: messageOf(error) }, 'a request failed'),
    onProblem: code => void problems.set(code, (problems.get(code) ?? 0) + 1),
  })
  const connections = boundConnections(app.server, { ...connectionDefaults, max: config.http.maxConnections }, clock) // biome-ignore format: one line
  const httpMetrics = createHttpMetrics({ connections, turns, problems })
  const liveMetrics = live && createLiveMetrics(live)
  const storeMetrics = createStoreMetrics({ ...parts, intake })
  app.get('/metrics', { config: { needs: 'nothing' } }, async (_, reply) => {
    const others = [
      parts.door.metrics().catch(() => ''),
      readMetrics(paths, 'tagger'),
      readMetrics(paths, 'uplink'),
      liveMetrics?.() ?? '',
      httpMetrics(),
      alertMetrics?.() ?? '',
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
        throw listenFailure('http', `${host}:${port}`, error)
      }
      publishEndpoint(paths, 'api', { url, token: operatorToken, pid: process.pid })
    },
    async stop() {
      withdrawEndpoint(paths, 'api')
      await app.close()
    },
  }
}
