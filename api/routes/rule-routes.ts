import type { FastifyReply } from 'fastify'
import Type from 'typebox'
import { ruleNames } from '../../alerts/rules/rule-description.ts'
import { LintelError } from '../../core/errors.ts'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import { Moment } from './schemas.ts'

const Name = Type.String({ minLength: 1, maxLength: 64 })
const Version = Type.Integer({ minimum: 0, description: '0 where nothing has ever been set.' })
const TextSchema = Type.Object({ en: Type.String(), zh: Type.String() })
const Warnings = Type.Array(Type.String(), { description: 'For a person. Do not parse them.' })
const Value = Type.Unknown({ description: 'A number, a word, true or false.' })

const RulesAtSchema = Type.Object({
  version: Version,
  rules: Type.Array(
    Type.Object({
      rule: Type.String(),
      scope: Type.Enum(['point', 'building', 'device', 'site', 'service']),
      title: TextSchema,
      about: TextSchema,
      parameters: Type.Array(
        Type.Object({
          parameter: Type.String(),
          title: TextSchema,
          type: Type.Optional(Type.Enum(['integer', 'number', 'boolean'])),
          enum: Type.Optional(Type.Array(Type.String(), { description: 'In place of a type: the words.' })),
          minimum: Type.Optional(Type.Number()),
          maximum: Type.Optional(Type.Number()),
          unit: Type.String(),
          of: Type.Optional(
            Type.Literal('site', { description: 'It cannot differ between points of a site.' }),
          ),
          default: Value,
          value: Value,
          from: Type.Enum(['default', 'all', 'site', 'point'], { description: 'Where the value is said.' }),
        }),
      ),
    }),
  ),
  warnings: Warnings,
})

/** docs/rules.md describes the content. It is validated after the route, problem by problem. */
const DocumentSchema = Type.Object({
  rules: Type.Optional(Type.Unknown({ description: 'Parameters for all places, by rule.' })),
  sites: Type.Optional(Type.Unknown({ description: 'By site: `rules`, and `points` by BUILDING/POINT.' })),
  calendar: Type.Optional(Type.Unknown({ description: '`holidays`, `workdays`, `occasions`.' })),
})
const DocumentAnswer = Type.Object({
  version: Version,
  at: Type.Optional(Moment),
  by: Type.Optional(Type.String()),
  document: DocumentSchema,
  warnings: Warnings,
})
const Changes = Type.Array(
  Type.Object({
    at: Type.String({ examples: ['sites.nanshe.points.b01/d01.door-held.heldS'] }),
    before: Type.Optional(Type.Unknown({ description: 'Absent where it was not said.' })),
    after: Type.Optional(Type.Unknown({ description: 'Absent where it is not said any more.' })),
  }),
)
const SetAnswer = Type.Object({ version: Version, changes: Changes, warnings: Warnings })
const HistoryAnswer = Type.Array(
  Type.Object({ version: Version, at: Moment, by: Type.String(), changes: Type.Optional(Changes) }),
)

const etagOf = (version: number) => `"${version}"`
const errors = ['STORE_UNAVAILABLE'] as const

/** The rules in force, their parameters at a place, and earlier versions. */
export function addRuleRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/rules',
    {
      config: {
        needs: 'rules.read',
        summary: 'What is looked for at a place: each parameter, its range, and where its value is said.',
        errors,
      },
      schema: {
        querystring: Type.Object({
          site: Type.Optional(Name),
          building: Type.Optional(Name),
          point: Type.Optional(Name),
          rule: Type.Optional(Type.Enum([...ruleNames])),
        }),
        response: answers(RulesAtSchema),
      },
    },
    ({ viewer, query }) => operations(viewer).rulesAt(query),
  )
  app.get(
    '/api/v1/rules/document',
    {
      config: {
        needs: 'rules.read',
        summary: 'What is in force beside the defaults, or was; its version is the ETag.',
        errors: [...errors, 'API_NOT_FOUND'],
      },
      schema: {
        querystring: Type.Object({ version: Type.Optional(Type.Integer({ minimum: 1 })) }),
        response: answers(DocumentAnswer),
      },
    },
    async ({ viewer, query }, reply) => tagged(reply, await operations(viewer).rulesDocument(query.version)),
  )
  app.put(
    '/api/v1/rules/document',
    {
      config: {
        needs: 'rules.write',
        summary: 'Puts other rules in force, as a whole; with If-Match, only in place of that version.',
        takes: DocumentSchema,
        errors: [...errors, 'RULES_INVALID', 'RULES_CONFLICT'],
      },
      schema: {
        querystring: Type.Object({
          dryRun: Type.Boolean({ default: false, description: 'Only says what would change.' }),
        }),
        headers: Type.Object({
          'if-match': Type.Optional(
            Type.String({ description: 'The ETag of the version that it was made from.' }),
          ),
        }),
        response: answers(SetAnswer),
      },
    },
    async ({ viewer, query, body, headers }, reply) =>
      tagged(
        reply,
        await operations(viewer).setRules(body ?? {}, { ...query, ...expectedIn(headers['if-match']) }),
      ),
  )
  app.get(
    '/api/v1/rules/history',
    {
      config: { needs: 'rules.read', summary: 'Who put what in force, the newest first.', errors },
      schema: { response: answers(HistoryAnswer) },
    },
    ({ viewer }) => operations(viewer).rulesHistory(),
  )
}

function tagged<T extends { readonly version: number }>(reply: FastifyReply, answer: T): T {
  // The route's reply type has no headers of its own.
  void reply.header('etag', etagOf(answer.version))
  return answer
}

/** Throws API_REQUEST_INVALID. */
function expectedIn(header: string | undefined): { expected?: number } {
  if (header === undefined || header.trim() === '*') return {}
  const version = /^\s*"(\d{1,9})"\s*$/.exec(header)?.[1]
  if (version === undefined)
    throw new LintelError('API_REQUEST_INVALID', 'If-Match must be the ETag of a version, such as "3"')
  return { expected: Number(version) }
}
