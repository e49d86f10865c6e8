import type { Overview } from '../../api/operations/overview-view.ts'
import { createRemoteOperations } from '../../api/operations/remote-operations.ts'
import type { Config } from '../../config/config.ts'
import { systemClock } from '../../core/clock.ts'
import type { Service } from '../connect.ts'
import { channelFindings, channelsOf } from './channel-findings.ts'
import type { Finding } from './finding.ts'
import { findingsOf, readings } from './service.ts'

/** How a running service is, and what of it somebody has to see to. */
export async function askService(
  service: Service,
  config: Config,
): Promise<{ readonly overview: Overview; readonly findings: readonly Finding[] }> {
  const { overview: ask, status, listChannels } = createRemoteOperations(service)
  const overview = await ask()
  const findings = [
    ...(await readings(service, overview.configured)),
    ...channelFindings(await channelsOf(listChannels), systemClock()),
    ...findingsOf(await status(), config),
  ]
  return { overview, findings }
}
