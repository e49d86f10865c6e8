import Type from 'typebox'
import { outcomes, statuses } from '../../alerts/book/alert.ts'
import type { Act } from '../../alerts/book/alerts.ts'
import { severities } from '../../alerts/rules/rule.ts'
import { LintelError } from '../../core/errors.ts'
import { isMoment } from '../../core/moments.ts'
import { parseRfc3339 } from '../../core/rfc3339.ts'
import { deviceIdPattern } from '../../core/words.ts'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import { ActedSchema, AlertPictureSchema, ReportSchema } from './alert-schemas.ts'
import { AlertSchema, ChangeSchema, Name, NewName } from './schemas.ts'

const Names = (what: string) => Type.Optional(Type.String({ maxLength: 4096, description: `${what}, separated by commas.` })) // biome-ignore format: one thing
const Time = (what: string) => Type.Optional(Type.String({ maxLength: 40, description: `RFC 3339. ${what}`, examples: ['2026-11-24T08:00:00+08:00'] })) // biome-ignore format: one thing

const ListSearch = Type.Object(
  {
    status: Names(`Of ${statuses.join(', ')}`),
    severity: Names(`Of ${severities.join(', ')}`),
    rule: Names('Of these rules'),
    site: Names('At these sites'),
    building: Type.Optional(Name),
    point: Type.Optional(Name),
    device: Type.Optional(Type.String({ pattern: deviceIdPattern })),
    assignee: Type.Optional(Name),
    from: Time('Raised then or later.'),
    to: Time('Raised before.'),
    after: Type.Optional(
      Type.String({ maxLength: 100, pattern: '^[0-9a-z/]+$', description: '`next` of the page before.' }),
    ),
    limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  },
  // Accepted here, so that a misspelt filter is reported and not ignored.
  { additionalProperties: Type.Unknown() },
)
const PageSchema = Type.Object({
  alerts: Type.Array(AlertSchema, { description: 'The newest first.' }),
  next: Type.Optional(
    Type.String({
      description: 'Absent after the last page. A page may be short, or empty, and yet have one.',
    }),
  ),
})

const params = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 64,
    description: 'Or its beginning, four characters at least.',
  }),
})
const Note = Type.String({ minLength: 1, maxLength: 500 })
const closed = { additionalProperties: false }
const acts = {
  acknowledge: {
    summary: 'Somebody sees to it.',
    body: Type.Object({ note: Type.Optional(Note) }, closed),
  },
  assign: {
    summary: 'Whose it is: a name, as the station has them; null for nobody.',
    body: Type.Object({ to: Type.Union([NewName, Type.Null()]) }, closed),
  },
  comment: { summary: 'Adds a line to its history.', body: Type.Object({ note: Note }, closed) },
  resolve: {
    summary: 'Says what it turned out to be; also of one that has ended by itself, and once more.',
    body: Type.Object({ outcome: Type.Enum([...outcomes]), note: Type.Optional(Note) }, closed),
  },
} as const

/** Alerts: reading them, acting on them, and reports. */
export function addAlertRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/alerts',
    {
      config: {
        needs: 'alerts.read',
        summary: 'Alerts, the newest first.',
        errors: ['STORE_UNAVAILABLE'],
      },
      schema: { querystring: ListSearch, response: answers(PageSchema) },
    },
    ({ viewer, query: known }) => {
      const { status, severity, rule, site, from, to, ...query } = known
      const { building, point, device, assignee, after, limit, ...others } = query
      assertNone(others)
      return operations(viewer).listAlerts({
        ...query,
        ...listOf('status', status, statuses),
        ...listOf('severity', severity, severities),
        ...listOf('rule', rule),
        ...listOf('sites', site),
        ...momentOf('from', from),
        ...momentOf('to', to),
      }) as never
    },
  )
  app.get(
    '/api/v1/alerts/report',
    {
      config: {
        needs: 'alerts.read',
        summary: 'What became of alerts in a shift; of the last 12 hours where it does not say.',
        errors: ['STORE_UNAVAILABLE'],
      },
      schema: {
        querystring: Type.Object(
          { from: Time('12 hours before its end.'), to: Time('Not included; now.'), site: Names('At these') },
          closed,
        ),
        response: answers(ReportSchema),
      },
    },
    ({ viewer, query }) => {
      const range = { ...momentOf('from', query.from), ...momentOf('to', query.to) }
      return operations(viewer).alertReport({ ...range, ...listOf('sites', query.site) }) as never
    },
  )
  app.get(
    '/api/v1/alerts/:id',
    {
      config: {
        needs: 'alerts.read',
        summary: 'One, with its history and its pictures.',
        errors: ['ALERT_NOT_FOUND', 'STORE_UNAVAILABLE'],
      },
      schema: {
        params,
        response: answers(
          Type.Object({
            ...AlertSchema.properties,
            history: Type.Array(ChangeSchema, { description: 'The oldest first.' }),
            devices: Type.Array(Type.String(), {
              description: 'That it is about, or that raised it; else those at its point.',
            }),
            pictures: Type.Array(AlertPictureSchema, {
              description: 'Redacted, of its place when it happened: those nearest to it first.',
            }),
          }),
        ),
      },
    },
    ({ viewer, params }) => operations(viewer).showAlert(params.id) as never,
  )
  for (const [verb, { summary, body }] of Object.entries(acts)) {
    app.post(
      `/api/v1/alerts/:id/${verb}`,
      {
        config: {
          needs: 'alerts.act',
          summary,
          errors: ['ALERT_NOT_FOUND', 'ALERT_CLOSED', 'ALERT_FULL', 'STORE_UNAVAILABLE'],
        },
        schema: { params, body, response: answers(ActedSchema) },
        // A missing body counts as an empty one.
        preValidation: async request => {
          request.body ??= {} as never
        },
      },
      ({ viewer, params, body }) =>
        operations(viewer).actOnAlert(params.id, { do: verb, ...(body as object) } as Act) as never,
    )
  }
}

/** Throws API_REQUEST_INVALID. */
export function assertNone(others: object): void {
  const [stranger] = Object.keys(others)
  if (stranger !== undefined)
    throw new LintelError('API_REQUEST_INVALID', `there is no ${stranger.slice(0, 64)} here`)
}

/** Throws API_REQUEST_INVALID. */
export function momentOf<N extends string>(
  name: N,
  text: string | undefined,
): { readonly [K in N]?: number } {
  if (text === undefined) return {}
  const at = parseRfc3339(text)
  if (!isMoment(at))
    throw new LintelError(
      'API_REQUEST_INVALID',
      `${name} must be RFC 3339, such as 2026-11-24T08:00:00+08:00`,
    )
  return { [name]: at } as { readonly [K in N]?: number }
}

function listOf<N extends string, T extends string>(name: N, text: string | undefined, words?: readonly T[]) {
  if (text === undefined) return {}
  const values = text.split(',').map(value => value.trim())
  const stranger = values.find(value => words !== undefined && !(words as readonly string[]).includes(value))
  if (stranger !== undefined)
    throw new LintelError('API_REQUEST_INVALID', `${name} must be of ${words!.join(', ')}, not "${stranger.slice(0, 64)}"`) // biome-ignore format: one thing
  return { [name]: values } as unknown as { readonly [K in N]?: readonly T[] }
}
