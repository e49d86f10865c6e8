import type { Config } from '../config/config.ts'
import type { Clock } from '../core/clock.ts'
import { type DataPaths, publishEndpoint, readIfThere, withdrawEndpoint } from '../core/data-directory.ts'
import { Durations } from '../core/durations.ts'
import { createFaultLog } from '../core/fault-log.ts'
import { boundConnections, connectionDefaults } from '../core/http-connections.ts'
import { type Part, repeat } from '../core/lifecycle.ts'
import { listenFailure } from '../core/listen-failure.ts'
import type { Logger } from '../core/log.ts'
import { metricsType, readMetrics } from '../core/metrics-server.ts'
import type { Restarts } from '../core/service-messages.ts'
import type { IntakeStats, RefillStats } from '../ingest/intake/intake-stats.ts'
import { createIdentify } from './access/identify.ts'
import { createApp } from './app.ts'
import { createHttpMetrics } from './http-metrics.ts'
import { createAlertLive } from './live/alert-live.ts'
import { createLiveMetrics } from './live/live-metrics.ts'
import { createMetricsGate } from './metrics-gate.ts'
import { createMetricsPage } from './metrics-page.ts'
import { createOperations } from './operations/local-operations.ts'
import type { OperationParts } from './operations/operation-parts.ts'
import { createProcessMetrics } from './process-metrics.ts'
import { createReadiness } from './readiness.ts'
import { createRecentRecords, sampleEveryMs } from './recent-records.ts'
import { servicePartsOf } from './service-parts.ts'
import { createStoreMetrics } from './store-metrics.ts'

export interface ApiParts extends Omit<OperationParts, 'defaultZone' | 'minCount' | 'service'> {
  /** Start of the service, epoch ms. */
  startedAt: number
  paths: DataPaths
  config: Config
  clock: Clock
  log: Logger
  intake?: { stats(): IntakeStats }
  refill?: { stats(): RefillStats }
  /** Prometheus metrics of the watch, the alerts and their channels. */
  alertMetrics?: () => Promise<string>
  /** How often the supervisor restarted each process of the service. */
  restarts?: () => Readonly<Record<string, Restarts>>
}

/** The API over the parts of this process. */
export function createLocalApi({
  startedAt,
  paths,
  config,
  log,
  intake,
  refill,
  alertMetrics,
  restarts = () => ({}),
  ...parts
}: ApiParts): Part & { readonly url: string } {
  const { access, clock } = parts
  const { host, port } = config.http
  const upMs = () => performance.now()
  const recent = createRecentRecords(() => parts.journal.end(), upMs)
  const sampling = repeat('recent records', sampleEveryMs, recent.sample)
  let url = ''
  const service = servicePartsOf({ startedAt, paths, config, restarts, recent, url: () => url })
  const operations = createOperations({
    ...parts,
    service,
    defaultZone: config.zone,
    minCount: config.flow.minCount,
  })
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
    ready: createReadiness(parts.control, upMs),
    onError: createFaultLog(log.child({ what: 'a request failed' })),
    onProblem: code => void problems.set(code, (problems.get(code) ?? 0) + 1),
  })
  const connections = boundConnections(app.server, { ...connectionDefaults, max: config.http.maxConnections }, clock) // biome-ignore format: one line
  const requests = new Durations()
  app.addHook('onResponse', async (_, reply) => requests.observe(reply.elapsedTime))
  const httpMetrics = createHttpMetrics({ connections, turns, requests, problems })
  const liveMetrics = live && createLiveMetrics(live)
  const { ofJournal, ofStore } = createStoreMetrics({ ...parts, intake, refill })
  const none = async () => ''
  const metrics = createMetricsPage(
    [
      { name: 'gateway', read: () => parts.control.metrics() },
      { name: 'tagger', read: () => readMetrics(paths, 'tagger') },
      { name: 'uplink', read: () => readMetrics(paths, 'uplink') },
      { name: 'live', read: liveMetrics?.text ?? none },
      { name: 'http', read: httpMetrics.text },
      { name: 'alerts', read: alertMetrics ?? none },
      { name: 'processes', read: createProcessMetrics(restarts).text },
      { name: 'journal', read: ofJournal.text },
      { name: 'store', read: ofStore.text },
    ],
    clock,
  )
  const identify = createIdentify({ ...access, operatorToken, clock, publicUrl: config.http.publicUrl })
  const assertMayRead = createMetricsGate({ identify, tokenFile: config.http.metricsTokenFile })
  app.get('/metrics', { config: { needs: 'nothing' } }, async (request, reply) => {
    await assertMayRead(request)
    return reply.type(metricsType).send(await metrics())
  })

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
      await sampling.start?.()
      publishEndpoint(paths, 'api', { url, token: operatorToken, pid: process.pid })
    },
    async stop() {
      withdrawEndpoint(paths, 'api')
      await sampling.stop()
      await app.close()
    },
  }
}
