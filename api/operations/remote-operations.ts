import type { Regions } from '../../config/regions.ts'
import type { Endpoint } from '../../core/data-directory.ts'
import { LintelError } from '../../core/errors.ts'
import { problemIn } from '../../core/problem-answer.ts'
import { whyUnreachable } from '../../core/unreachable.ts'
import type { PictureKey } from '../../gateway/snapshots/snapshots.ts'
import { toSearch } from '../routes/flow-search.ts'
import type { Operations } from './operations.ts'
import { createRemoteAlerts } from './remote-alerts.ts'
import { createRemoteExport } from './remote-export.ts'

const timeoutMs = 120_000

/** The operations of a running service, over its API. */
export function createRemoteOperations({ url, token }: Pick<Endpoint, 'url' | 'token'>): Operations {
  async function ask(
    method: string,
    path: string,
    body?: { type: string; text: string; ifMatch?: string },
  ): Promise<Response> {
    let response: Response
    try {
      response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': body.type }),
          ...(body?.ifMatch === undefined ? {} : { 'if-match': body.ifMatch }),
        },
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: body.text }),
      })
    } catch (error) {
      throw new LintelError(
        'API_UNAVAILABLE',
        `the service at ${url} does not answer: ${whyUnreachable(error)}`,
        {
          cause: error,
        },
      )
    }
    if (response.ok) return response
    throw problemIn(await response.text().catch(() => ''), response.status)
  }
  const json = async <T>(method: string, path: string, body?: { type: string; text: string }) =>
    (await ask(method, path, body)).json() as Promise<T>
  const name = encodeURIComponent
  const pathOf = ({ device, event }: PictureKey) => `/snapshots/${name(device)}/${name(event)}`

  const send = <T>(method: string, path: string, value: unknown) =>
    json<T>(method, path, { type: 'application/json', text: JSON.stringify(value) })

  return {
    listPoints: () => json('GET', '/points'),
    addDevice: device => send('POST', '/devices', device),
    announceDevice: announced => send('POST', '/devices/announce', announced),
    importDevices: (csv, { dryRun = false } = {}) =>
      json('POST', `/devices/import?dryRun=${dryRun}`, { type: 'text/csv', text: csv }),
    removeDevice: (device, { force = false } = {}) =>
      json('DELETE', `/devices/${name(device)}?force=${force}`),
    listDevices: () => json('GET', '/devices'),
    showDevice: device => json('GET', `/devices/${name(device)}`),
    listUnknown: () => json('GET', '/unknown-devices'),
    rotateToken: async device =>
      (await json<{ token: string }>('POST', `/devices/${name(device)}/rotate`)).token,
    async setEnabled(device, enabled) {
      await ask('POST', `/devices/${name(device)}/${enabled ? 'enable' : 'disable'}`)
    },
    exportRows: createRemoteExport({ url, token }),
    flow: (question, file) =>
      json(
        'GET',
        `/flow?${toSearch(question)}${file === undefined ? '' : `&file=${encodeURIComponent(file)}`}`,
      ),
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
    readOriginal: async key => Buffer.from(await (await ask('GET', `${pathOf(key)}/original`)).arrayBuffer()),
    async holdSnapshot(key, hold) {
      await ask('PUT', `${pathOf(key)}/hold`, { type: 'application/json', text: JSON.stringify(hold) })
    },
    async releaseSnapshot(key) {
      await ask('DELETE', `${pathOf(key)}/hold`)
    },
    ...createRemoteAlerts({ json, send, ask }),
    listChannels: () => json('GET', '/channels'),
    async testChannel(channel) {
      await ask('POST', `/channels/${name(channel)}/test`)
    },
    backfill: part => send('POST', '/backfill', part),
    ledger: () => json('GET', '/ledger'),
    listParked: limit => json('GET', `/parked?limit=${limit}`),
    showParked: key => json('GET', `/parked/${key}`),
    replayParked: async key => (await json<{ outcome: 'stored' }>('POST', `/parked/${key}/replay`)).outcome,
    retention: () => json('GET', '/retention'),
    listDeletions: ({ limit, after }) =>
      json(
        'GET',
        `/retention/deletions?${new URLSearchParams({ limit: String(limit), ...(after === undefined ? {} : { after: String(after) }) })}`,
      ),
    status: () => json('GET', '/status'),
    overview: () => json('GET', '/overview'),
    trustClock: said => send('POST', '/clock/trust', said),
    allowDeletion: kind => json('POST', `/retention/held/${name(kind)}/allow`),
    verifyRetention: () => json('GET', '/retention/overdue'),
    eraseRows: erasure =>
      json('POST', '/retention/erasures', { type: 'application/json', text: JSON.stringify(erasure) }),
    rulesAt: query => json('GET', `/rules?${new URLSearchParams({ ...query })}`),
    rulesDocument: version =>
      json('GET', `/rules/document${version === undefined ? '' : `?version=${version}`}`),
    async setRules(document, { expected, dryRun = false } = {}) {
      const answer = await ask('PUT', `/rules/document?dryRun=${dryRun}`, {
        type: 'application/json',
        text: JSON.stringify(document ?? {}),
        ...(expected === undefined ? {} : { ifMatch: `"${expected}"` }),
      })
      return answer.json() as ReturnType<Operations['setRules']>
    },
    rulesHistory: () => json('GET', '/rules/history'),
    async dropParked(key) {
      await ask('DELETE', `/parked/${key}`)
    },
    listUsers: () => json('GET', '/users'),
    addUser: user => send('POST', '/users', user),
    inviteUser: user => send('POST', '/invitations', user === undefined ? {} : { name: user }),
    async setUserEnabled(user, enabled) {
      await ask('POST', `/users/${name(user)}/${enabled ? 'enable' : 'disable'}`)
    },
    async removeUser(user) {
      await ask('DELETE', `/users/${name(user)}`)
    },
    listTokens: () => json('GET', '/tokens'),
    createToken: wanted => send('POST', '/tokens', wanted),
    async revokeToken(token) {
      await ask('DELETE', `/tokens/${name(token)}`)
    },
    listAudit: ({ after, limit }) =>
      json('GET', `/audit?limit=${limit}${after === undefined ? '' : `&after=${after}`}`),
    verifyAudit: noted =>
      json('GET', `/audit/verify${noted === undefined ? '' : `?noted=${encodeURIComponent(noted)}`}`),
  }
}
