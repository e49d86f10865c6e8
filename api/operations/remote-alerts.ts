import type { AlertQuery } from '../../alerts/book/alerts.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { AlertOperations } from './alert-view.ts'

interface Asking {
  readonly json: <T>(method: string, path: string) => Promise<T>
  readonly send: <T>(method: string, path: string, value: unknown) => Promise<T>
  readonly ask: (method: string, path: string) => Promise<unknown>
}

/** The operations on alerts of a running service. */
export function createRemoteAlerts({ json, send, ask }: Asking): AlertOperations {
  const pathOf = (id: string) => `/alerts/${encodeURIComponent(id)}`
  return {
    listAlerts: ({ sites, ...query }) => json('GET', `/alerts?${searchOf({ ...query, site: sites })}`),
    showAlert: id => json('GET', pathOf(id)),
    actOnAlert: (id, { do: verb, ...body }) => send('POST', `${pathOf(id)}/${verb}`, body),
    alertReport: ({ sites, ...question }) =>
      json('GET', `/alerts/report?${searchOf({ ...question, site: sites })}`),
    listSnoozes: () => json('GET', '/snoozes'),
    addSnooze: ({ from, until, ...wanted }) =>
      send('POST', '/snoozes', {
        ...wanted,
        ...(from === undefined ? {} : { from: formatRfc3339(from) }),
        until: formatRfc3339(until),
      }),
    async removeSnooze(id) {
      await ask('DELETE', `/snoozes/${encodeURIComponent(id)}`)
    },
  }
}

function searchOf({
  from,
  to,
  ...rest
}: Omit<AlertQuery, 'sites' | 'limit'> & { readonly site?: readonly string[] | undefined }) {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) search.set(name, String(value))
  if (from !== undefined) search.set('from', formatRfc3339(from))
  if (to !== undefined) search.set('to', formatRfc3339(to))
  return search
}
