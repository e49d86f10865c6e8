import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { LintelError } from '../../core/errors.ts'
import { type Api, type ApiHttpOptions, answers } from '../guard.ts'
import type { AlertLive } from '../live/alert-live.ts'
import { assertOwn } from '../operations/alert-operations.ts'
import { may } from '../roles.ts'
import { seesSite, type Viewer } from '../viewer.ts'

export interface LiveRouteParts {
  /** Absent on a gateway alone. */
  readonly live: AlertLive | undefined
  readonly identify: ApiHttpOptions['identify']
}

const summary = [
  'Changes of alerts as they come, as server-sent events: id is the number of the change, event its kind, data is {"change","alert"}.',
  'With Last-Event-ID, or after, those behind it first; the event reset says that what came between is not kept: ask for the list anew.',
].join(' ')

/** Changes of alerts as they happen. */
export function addLiveRoutes(app: Api, { live, identify }: LiveRouteParts): void {
  app.get(
    '/api/v1/alerts/live',
    {
      // The stream has no end.
      exposeHeadRoute: false,
      config: {
        needs: 'alerts.read',
        summary,
        errors: ['API_BUSY', 'STORE_UNAVAILABLE'],
        produces: ['text/event-stream'],
      },
      schema: {
        querystring: Type.Object({
          after: Type.Optional(
            Type.Integer({ minimum: 0, description: 'As Last-Event-ID, which goes before it.' }),
          ),
          site: Type.Optional(
            Type.String({ maxLength: 4096, description: 'Only at these sites, separated by commas.' }),
          ),
        }),
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 100 })) }),
        response: answers(Type.String({ description: 'Server-sent events, without end.' })),
      },
    },
    async (request, reply) => {
      if (live === undefined)
        throw new LintelError(
          'STORE_UNAVAILABLE',
          'this is a gateway alone: ask the centre that it reports to',
        )
      const { viewer, query } = request
      // The client left while it was being identified: its `close` event has passed, and will not come again.
      if (reply.raw.destroyed) return reply.hijack()
      const sites = query.site?.split(',')
      assertOwn(viewer, sites)
      const known = request.headers['last-event-id']
      const joined = live.join({
        name: `${viewer.as} ${viewer.name}`,
        sees: scopeOf(viewer, sites),
        after: known === undefined || known === '' ? query.after : numberOf(known),
        open() {
          reply.hijack()
          // Ignores errors of a connection that breaks during a write; `close` reports its end, too.
          reply.raw.on('error', () => {})
          return reply.raw.writeHead(200, {
            ...(reply.getHeaders() as OutgoingHttpHeaders),
            'content-type': 'text/event-stream; charset=utf-8',
            // For proxies that would otherwise buffer the stream.
            'x-accel-buffering': 'no',
          })
        },
        mayStay: () => mayStay(request, viewer),
      })
      if (!joined) {
        void reply.header('retry-after', 5)
        throw new LintelError('API_BUSY', 'too many read along already: close some, or try again')
      }
      return reply
    },
  )
  if (live !== undefined) app.addHook('preClose', async () => live.stop())

  /** False if the session has ended, the token was revoked, or the account's role or sites have changed. */
  async function mayStay(request: FastifyRequest, then: Viewer): Promise<boolean> {
    const viewer = (await identify(request))?.viewer
    return (
      viewer !== undefined &&
      may(viewer.role, 'alerts.read') &&
      String(viewer.sites) === String(then.sites) &&
      viewer.role === then.role
    )
  }
}

/** A duty room gets its own sites, and of those the ones it asks for. Changes without a site are for those who see everything. */
function scopeOf(viewer: Viewer, wanted: readonly string[] | undefined) {
  return (site: string | undefined) =>
    (site === undefined ? viewer.sites === undefined : seesSite(viewer, site)) &&
    (wanted === undefined || (site !== undefined && wanted.includes(site)))
}

/** The number of an event; NaN for an id that is not one of ours. */
const numberOf = (id: string) => (/^\d{1,15}$/.test(id) ? Number(id) : Number.NaN)
