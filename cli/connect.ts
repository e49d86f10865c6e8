import type { Operations } from '../api/operations/operations.ts'
import { createRemoteOperations } from '../api/operations/remote-operations.ts'
import type { Config } from '../config/config.ts'
import { dataPaths, type Endpoint, findEndpoint } from '../core/data-directory.ts'
import { assertDataIsThere, lookAtData } from './data-place.ts'
import type { Need } from './offline.ts'

/** A service on another machine, or in another directory. */
export type Service = Pick<Endpoint, 'url' | 'token'>

/**
 * Runs `act` on the named service, else on the one running on this data directory, else on the locked directory itself.
 * Throws DATA_LOCKED if a service runs but does not answer, CONFIG_INVALID if there is no data.
 */
export type Ask = <T>(need: Need, act: (operations: Operations) => Promise<T>) => Promise<T>

export const askOf =
  (data: string, config: Config, service?: Service): Ask =>
  async (need, act) => {
    if (service !== undefined) return act(createRemoteOperations(service))
    const paths = dataPaths(data)
    if (need === 'enrolment') lookAtData(paths)
    else assertDataIsThere(paths)
    const endpoint = findEndpoint(paths, 'api')
    if (endpoint !== undefined && (await answers(endpoint))) return act(createRemoteOperations(endpoint))
    // Load databases only when they are used: a supervisor should be small.
    const { withDirectory } = await import('./offline.ts')
    return withDirectory(paths, config, need, act)
  }

/** Checks that the process which published the address still answers there: another one may have got its port. */
export async function answers({
  url,
  token,
  pid,
}: Pick<Endpoint, 'url' | 'token' | 'pid'>): Promise<boolean> {
  try {
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(`${url}/api/v1/health`, { headers, signal: AbortSignal.timeout(2000) })
    return response.ok && ((await response.json()) as { pid?: number }).pid === pid
  } catch {
    return false
  }
}
