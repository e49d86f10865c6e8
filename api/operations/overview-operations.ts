import { LintelError } from '../../core/errors.ts'
import { alwaysSure } from '../../core/trusted-time/trusted-time.ts'
import { version } from '../../core/version.ts'
import { lastReceivedAt } from '../../gateway/journal/last-received.ts'
import type { OperationParts } from './operation-parts.ts'
import type { Overview, OverviewOperations } from './overview-view.ts'

/** The service on one screen. A gateway that does not answer is left out, and so is everything that does not exist. */
export function createOverviewOperations(parts: OperationParts): OverviewOperations {
  const { service, control, registry, journal, alerts, clock } = parts
  const time = parts.time ?? alwaysSure(clock)
  return {
    async overview(): Promise<Overview> {
      if (service === undefined) throw new LintelError('API_UNAVAILABLE', 'no service is running')
      const gateway = await control.state().catch(() => undefined)
      const receivedAt = lastReceivedAt(journal)
      return {
        version,
        pid: service.pid,
        startedAt: service.startedAt,
        http: service.url(),
        ...(gateway === undefined ? {} : { gateway }),
        devices: registry.list().length,
        journaled: service.recent.view(),
        ...(receivedAt === 0 ? {} : { lastReceivedAt: receivedAt }),
        ...(alerts === undefined ? {} : { alerts: alerts.countOpen() }),
        disk: await service.disk(),
        clock: time.view(),
        restarts: service.restarts(),
        configured: service.configured,
      }
    },
  }
}
