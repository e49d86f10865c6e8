import type { Endpoint } from '../core/data-directory.ts'
import { type ErrorCode, errorCodes, LintelError, messageOf } from '../core/errors.ts'
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

  return {
    addDevice: device => json('POST', '/devices', { type: 'application/json', text: JSON.stringify(device) }),
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
    ledger: () => json('GET', '/ledger'),
    listParked: limit => json('GET', `/parked?limit=${limit}`),
    showParked: key => json('GET', `/parked/${key}`),
    replayParked: async key => (await json<{ outcome: 'stored' }>('POST', `/parked/${key}/replay`)).outcome,
    async dropParked(key) {
      await ask('DELETE', `/parked/${key}`)
    },
  }
}
