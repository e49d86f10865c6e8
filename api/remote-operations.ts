import type { Endpoint } from '../core/data-directory.ts'
import { type ErrorCode, errorCodes, LintelError, messageOf } from '../core/errors.ts'
import type { Regions } from '../core/regions.ts'
import type { PictureKey } from '../gateway/snapshots/snapshots.ts'
import type { Operations } from './operations.ts'

const timeoutMs = 120_000

/** The operations of a service that is up, over its API. */
export function createRemoteOperations({ url, token }: Pick<Endpoint, 'url' | 'token'>): Operations {
  async function ask(method: string, path: string, body?: { type: string; text: string }): Promise<Response> {
    let response: Response
    try {
      response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': body.type }),
        },
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: body.text }),
      })
    } catch (error) {
      throw new LintelError('API_UNAVAILABLE', `the service at ${url} does not answer: ${messageOf(error)}`, {
        cause: error,
      })
    }
    if (response.ok) return response
    const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string }
    const code =
      problem.code !== undefined && problem.code in errorCodes
        ? (problem.code as ErrorCode)
        : 'API_UNAVAILABLE'
    throw new LintelError(code, problem.detail ?? `the service answered ${response.status}`)
  }
  const json = async <T>(method: string, path: string, body?: { type: string; text: string }) =>
    (await ask(method, path, body)).json() as Promise<T>
  const name = encodeURIComponent
  const pathOf = ({ device, event }: PictureKey) => `/snapshots/${name(device)}/${name(event)}`

  return {
    addDevice: device => json('POST', '/devices', { type: 'application/json', text: JSON.stringify(device) }),
    announceDevice: announced =>
      json('POST', '/devices/announce', { type: 'application/json', text: JSON.stringify(announced) }),
    importDevices: csv => json('POST', '/devices/import', { type: 'text/csv', text: csv }),
    listDevices: () => json('GET', '/devices'),
    showDevice: device => json('GET', `/devices/${name(device)}`),
    rotateToken: async device =>
      (await json<{ token: string }>('POST', `/devices/${name(device)}/rotate`)).token,
    async setEnabled(device, enabled) {
      await ask('POST', `/devices/${name(device)}/${enabled ? 'enable' : 'disable'}`)
    },
    flow: ({ by, ...question }) =>
      json('GET', `/flow?${new URLSearchParams({ ...question, by: by.join(',') })}`),
    async regions(device) {
      const { regions } = await json<{ regions: Regions | null }>('GET', `/devices/${name(device)}/regions`)
      return regions ?? undefined
    },
    async setRegions(device, regions) {
      const path = `/devices/${name(device)}/regions`
      if (regions === undefined) await ask('DELETE', path)
      else await ask('PUT', path, { type: 'application/json', text: JSON.stringify(regions) })
    },
    listSnapshots({ device, from, to, after, limit }) {
      const query = new URLSearchParams({
        limit: String(limit),
        ...(device === undefined ? {} : { device }),
        ...(from === undefined ? {} : { from: String(from) }),
        ...(to === undefined ? {} : { to: String(to) }),
        ...(after === undefined ? {} : { after: `${after.at}/${after.device}/${after.event}` }),
      })
      return json('GET', `/snapshots?${query}`)
    },
    showSnapshot: key => json('GET', pathOf(key)),
    readSnapshot: async key => Buffer.from(await (await ask('GET', `${pathOf(key)}/picture`)).arrayBuffer()),
    async holdSnapshot(key, hold) {
      await ask('PUT', `${pathOf(key)}/hold`, { type: 'application/json', text: JSON.stringify(hold) })
    },
    async releaseSnapshot(key) {
      await ask('DELETE', `${pathOf(key)}/hold`)
    },
    ledger: () => json('GET', '/ledger'),
    listParked: limit => json('GET', `/parked?limit=${limit}`),
    showParked: key => json('GET', `/parked/${key}`),
    replayParked: async key => (await json<{ outcome: 'stored' }>('POST', `/parked/${key}/replay`)).outcome,
    async dropParked(key) {
      await ask('DELETE', `/parked/${key}`)
    },
  }
}
