import type { Endpoint } from '../../core/data-directory.ts'
import { LintelError } from '../../core/errors.ts'
import { problemIn } from '../../core/problem-answer.ts'
import { whyUnreachable } from '../../core/unreachable.ts'
import type { GatewayControl, PictureControl } from './gateway-control.ts'

const timeoutMs = 5000

/** The control of a gateway in another process. `find` is called each time: that process may have been restarted. */
export function createRemoteControl(find: () => Endpoint | undefined): GatewayControl & PictureControl {
  async function ask(method: string, path: string, body?: unknown): Promise<Response> {
    const endpoint = find()
    if (endpoint === undefined) throw new LintelError('API_UNAVAILABLE', 'the gateway is not running')
    let response: Response
    try {
      const headers = { authorization: `Bearer ${endpoint.token}`, 'content-type': 'application/json' }
      const signal = AbortSignal.timeout(timeoutMs)
      response = await fetch(
        endpoint.url + path,
        body === undefined
          ? { method, headers: { authorization: headers.authorization }, signal }
          : { method, headers, signal, body: JSON.stringify(body) },
      )
    } catch (error) {
      throw new LintelError('API_UNAVAILABLE', `the gateway does not answer: ${whyUnreachable(error)}`, {
        cause: error,
      })
    }
    if (response.ok) return response
    throw problemIn(await response.text(), response.status, 'the gateway')
  }
  const json = async <T>(method: string, path: string) => (await ask(method, path)).json() as Promise<T>

  return {
    state: () => json('GET', '/state'),
    sessions: () => json('GET', '/sessions'),
    refusals: () => json('GET', '/refusals'),
    knocks: () => json('GET', '/knocks'),
    replay: async key => (await json<{ outcome: 'stored' }>('POST', `/parked/${key}/replay`)).outcome,
    async drop(key) {
      await ask('DELETE', `/parked/${key}`)
    },
    backfill: async (rows, options) => (await ask('POST', '/backfill', { rows, options })).json() as never,
    async sight(sightings) {
      await ask('POST', '/sightings', sightings)
    },
    async erase(pictures) {
      await ask('POST', '/erased', pictures)
    },
    async publishAlert(site, payload) {
      await ask('POST', `/alerts/${encodeURIComponent(site)}`, { payload })
    },
    trustClock: () => json('POST', '/clock/trust'),
    metrics: async () => (await ask('GET', '/metrics')).text(),
  }
}
