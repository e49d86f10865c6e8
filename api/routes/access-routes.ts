import Type from 'typebox'
import { NewAccountSchema } from '../access/accounts.ts'
import { maxTokenDays } from '../access/api-tokens.ts'
import { type Api, answers } from '../guard.ts'
import type { OperationsFor } from '../operations/operations.ts'
import { Moment, RoleSchema, Sites } from './schemas.ts'

const Name = Type.String({ minLength: 1, maxLength: 64 })
const params = Type.Object({ name: Name })

const UserSchema = Type.Object({
  name: Name,
  role: RoleSchema,
  sites: Type.Optional(Sites),
  enabled: Type.Boolean(),
  createdAt: Moment,
  invited: Type.Boolean({ description: 'Nobody has set its password yet.' }),
})
const InvitedSchema = Type.Object({
  name: Type.Optional(Name),
  role: RoleSchema,
  expiresAt: Moment,
  secret: Type.String({ description: 'The link is /invite#SECRET at this address. Told this once.' }),
})
const token = {
  name: Name,
  role: RoleSchema,
  sites: Type.Optional(Sites),
  createdAt: Moment,
  expiresAt: Moment,
  lastUsedAt: Type.Optional(Moment),
}
const NewTokenSchema = Type.Object(
  {
    ...NewAccountSchema.properties,
    days: Type.Integer({ minimum: 1, maximum: maxTokenDays, default: 90 }),
  },
  { additionalProperties: false },
)
const AuditEntrySchema = Type.Object({
  seq: Type.Integer({ minimum: 1 }),
  at: Moment,
  as: Type.Enum(['account', 'token', 'operator', 'gateway', 'nobody']),
  who: Type.String(),
  action: Type.String({ examples: ['snapshot.view'] }),
  target: Type.String(),
  address: Type.String(),
  previous: Type.String({ description: 'SHA-256 of the entry before.' }),
  hash: Type.String(),
})
const LinkSchema = Type.Object({ seq: Type.Integer({ minimum: 0 }), hash: Type.String() })
const VerdictSchema = Type.Object({
  verdict: Type.Enum(['whole', 'broken', 'unknown'], {
    description: 'unknown: nothing is seen to be wrong, and yet it cannot be told.',
  }),
  whole: Type.Boolean(),
  fault: Type.Optional(Type.String()),
  entries: Type.Integer(),
  anchor: LinkSchema,
  head: LinkSchema,
})

const nothing = answers(Type.Null(), 204)
const errors = ['ACCOUNT_NOT_FOUND'] as const

/** Accounts, tokens, and the audit log. */
export function addAccessRoutes(app: Api, operations: OperationsFor): void {
  app.get(
    '/api/v1/users',
    {
      config: { needs: 'accounts.read', summary: 'All accounts.' },
      schema: { response: answers(Type.Array(UserSchema)) },
    },
    ({ viewer }) => operations(viewer).listUsers(),
  )
  app.post(
    '/api/v1/users',
    {
      config: {
        needs: 'accounts.write',
        summary: 'A new account, and the link with which its person sets a password.',
        errors: ['ACCOUNT_INVALID', 'ACCOUNT_EXISTS'],
      },
      schema: { body: NewAccountSchema, response: answers(InvitedSchema, 201) },
    },
    async ({ viewer, body }, reply) =>
      reply.status(201).send(await operations(viewer).addUser(body as never)),
  )
  app.post(
    '/api/v1/invitations',
    {
      config: {
        needs: 'accounts.write',
        summary:
          'A new link for an account, also where the password was forgotten; without a name, for the first admin.',
        errors: [...errors, 'ACCOUNT_EXISTS'],
      },
      schema: {
        body: Type.Object({ name: Type.Optional(Name) }, { additionalProperties: false }),
        response: answers(InvitedSchema, 201),
      },
    },
    async ({ viewer, body }, reply) => reply.status(201).send(await operations(viewer).inviteUser(body.name)),
  )
  for (const [verb, enabled, summary] of [
    ['enable', true, 'Lets it sign in again.'],
    ['disable', false, 'Signs it out at once, and keeps it out.'],
  ] as const) {
    app.post(
      `/api/v1/users/:name/${verb}`,
      { config: { needs: 'accounts.write', summary, errors }, schema: { params, response: nothing } },
      async ({ viewer, params }, reply) => {
        await operations(viewer).setUserEnabled(params.name, enabled)
        return reply.status(204).send()
      },
    )
  }
  app.delete(
    '/api/v1/users/:name',
    {
      config: { needs: 'accounts.write', summary: 'Removes it, and signs it out.', errors },
      schema: { params, response: nothing },
    },
    async ({ viewer, params }, reply) => {
      await operations(viewer).removeUser(params.name)
      return reply.status(204).send()
    },
  )
  app.get(
    '/api/v1/tokens',
    {
      config: { needs: 'accounts.read', summary: 'All API tokens, without the tokens themselves.' },
      schema: { response: answers(Type.Array(Type.Object(token))) },
    },
    ({ viewer }) => operations(viewer).listTokens(),
  )
  app.post(
    '/api/v1/tokens',
    {
      config: {
        needs: 'accounts.write',
        summary: 'A new API token for a program or a command line elsewhere.',
        errors: ['ACCOUNT_INVALID', 'TOKEN_EXISTS'],
      },
      schema: {
        body: NewTokenSchema,
        response: answers(
          Type.Object({ ...token, token: Type.String({ description: 'Told this once.' }) }),
          201,
        ),
      },
    },
    async ({ viewer, body }, reply) =>
      reply.status(201).send(await operations(viewer).createToken(body as never)),
  )
  app.delete(
    '/api/v1/tokens/:name',
    {
      config: { needs: 'accounts.write', summary: 'It ends at once.', errors: ['TOKEN_NOT_FOUND'] },
      schema: { params, response: nothing },
    },
    async ({ viewer, params }, reply) => {
      await operations(viewer).revokeToken(params.name)
      return reply.status(204).send()
    },
  )
  app.get(
    '/api/v1/audit',
    {
      config: {
        needs: 'audit.read',
        summary: 'Who did what: entries after a position, or the latest; oldest first.',
      },
      schema: {
        querystring: Type.Object({
          after: Type.Optional(
            Type.Integer({ minimum: 0, description: 'seq of the last one of the page before.' }),
          ),
          limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 100 }),
        }),
        response: answers(Type.Array(AuditEntrySchema)),
      },
    },
    ({ viewer, query }) => operations(viewer).listAudit(query),
  )
  app.get(
    '/api/v1/audit/verify',
    {
      config: {
        needs: 'audit.read',
        summary: 'Whether the record is whole, and goes on from a link noted down elsewhere.',
      },
      schema: {
        querystring: Type.Object({
          noted: Type.Optional(Type.String({ description: 'SEQ:HASH of a head that was noted down.' })),
        }),
        response: answers(VerdictSchema),
      },
    },
    ({ viewer, query }) => operations(viewer).verifyAudit(query.noted),
  )
}
