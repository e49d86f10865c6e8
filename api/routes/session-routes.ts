import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Config } from '../../config/config.ts'
import type { Clock } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { addressOf } from '../../core/proxies.ts'
import type { Access } from '../access/access.ts'
import { type CookieName, cookieOf, setCookie } from '../access/cookies.ts'
import { passwordLength } from '../access/password.ts'
import { isSecure as isSecureTo } from '../access/secure.ts'
import type { SignedIn, SignIn } from '../access/sign-in.ts'
import { onRecord } from '../audit/on-record.ts'
import { type Api, answers } from '../guard.ts'
import { may, type Permission, permissions } from '../roles.ts'
import type { Viewer } from '../viewer.ts'
import { Moment, RoleSchema, Sites } from './schemas.ts'

const Name = Type.String({ minLength: 1, maxLength: 64 })
/** ACCOUNT_INVALID explains the rules for passwords; here only the length is limited. */
const Password = Type.String({ maxLength: 4 * passwordLength.most, format: 'password' })
const Secret = Type.String({ minLength: 1, maxLength: 100, description: 'What stands behind # in the link.' })
const closed = { additionalProperties: false }

const MeSchema = Type.Object({
  as: Type.Enum(['account', 'token', 'operator']),
  name: Name,
  role: RoleSchema,
  sites: Type.Optional(Sites),
  permissions: Type.Array(Type.Enum(permissions)),
  zone: Type.String({ description: "The service's IANA time zone." }),
})

export interface SessionRouteParts {
  readonly access: Access
  readonly signIn: SignIn
  readonly config: Pick<Config, 'http' | 'zone'>
  readonly clock: Clock
}

const browserMarkS = 365 * 86_400

/** Signing in and out, accepting an invitation, and the current user. */
export function addSessionRoutes(app: Api, { access, signIn, config, clock }: SessionRouteParts): void {
  const { accounts, sessions, audit } = access
  const { zone, http } = config
  const isSecure = (request: FastifyRequest) => isSecureTo(request, http.publicUrl)
  const ownCookie = (request: FastifyRequest, name: CookieName) => cookieOf(request, name, isSecure(request))

  const meOf = ({ as, name, role, sites }: Viewer) => ({
    as,
    name,
    role,
    ...(sites === undefined ? {} : { sites: [...sites] }),
    permissions: permissions.filter((permission: Permission) => may(role, permission)),
    zone,
  })

  function welcome(
    request: FastifyRequest,
    reply: FastifyReply,
    signedIn: SignedIn & { outcome: 'signed-in' },
  ) {
    const secure = isSecure(request)
    reply.header('set-cookie', [
      setCookie('session', signedIn.session, http.sessionMaxS, secure),
      setCookie('browser', signedIn.browser, browserMarkS, secure),
    ])
    return meOf(signedIn.viewer)
  }

  function refuse(reply: FastifyReply, refusal: Exclude<SignedIn, { outcome: 'signed-in' }>): never {
    if (refusal.outcome === 'failed')
      throw new LintelError('SIGN_IN_FAILED', 'name or password is wrong, or the account is disabled')
    const { retryAfterS } = refusal
    reply.header('retry-after', retryAfterS)
    throw new LintelError('SIGN_IN_THROTTLED', `too many wrong passwords: try again in ${retryAfterS} s`)
  }

  app.get(
    '/api/v1/me',
    {
      config: { needs: 'anybody', summary: 'Who one is, and what one may.' },
      schema: { response: answers(MeSchema) },
    },
    async ({ viewer }) => meOf(viewer),
  )
  app.post(
    '/api/v1/session',
    {
      config: {
        needs: 'nothing',
        summary: 'Signs in: sets the cookie of a session.',
        errors: ['SIGN_IN_FAILED', 'SIGN_IN_THROTTLED', 'API_CROSS_SITE'],
      },
      schema: { body: Type.Object({ name: Name, password: Password }, closed), response: answers(MeSchema) },
    },
    async (request, reply) => {
      const { name, password } = request.body
      const browser = ownCookie(request, 'browser')
      const signedIn = await signIn.attempt({
        name: name.normalize(),
        password,
        address: addressOf(request),
        browser,
      })
      return signedIn.outcome === 'signed-in' ? welcome(request, reply, signedIn) : refuse(reply, signedIn)
    },
  )
  app.delete(
    '/api/v1/session',
    {
      config: { needs: 'anybody', summary: 'Signs out.', errors: ['API_CROSS_SITE'] },
      schema: { response: answers(Type.Null(), 204) },
    },
    async (request, reply) => {
      const id = ownCookie(request, 'session')
      const { as, name: who } = request.viewer
      if (as === 'account' && id !== undefined) {
        const deed = { as, who, action: 'sign-out', target: '', address: addressOf(request) } as const
        await onRecord(audit, deed, () => sessions.end(id))
      }
      return reply
        .header('set-cookie', setCookie('session', '', 0, isSecure(request)))
        .status(204)
        .send()
    },
  )
  app.put(
    '/api/v1/me/password',
    {
      config: {
        needs: 'anybody',
        summary: 'Sets a new password; all other sessions of the account end.',
        errors: ['SIGN_IN_FAILED', 'SIGN_IN_THROTTLED', 'ACCOUNT_INVALID', 'API_CROSS_SITE'],
      },
      schema: {
        body: Type.Object({ password: Password, newPassword: Password }, closed),
        response: answers(MeSchema),
      },
    },
    async (request, reply) => {
      const { as, name } = request.viewer
      if (as !== 'account') throw new LintelError('ACCOUNT_INVALID', `a ${as} has no password`)
      const { password, newPassword } = request.body
      const address = addressOf(request)
      const knows = await signIn.knows(name, password, address)
      if (knows.outcome !== 'known') return refuse(reply, knows)
      const deed = { as, who: name, action: 'password.change', target: '', address } as const
      await onRecord(audit, deed, async () => {
        await accounts.setPassword(name, newPassword)
        await sessions.endAll(name)
      })
      return welcome(request, reply, await signIn.begin(accounts.get(name)!, address))
    },
  )
  // The secret is sent in a body, because addresses end up in logs.
  app.post(
    '/api/v1/invitation',
    {
      config: { needs: 'nothing', summary: 'Whom a link is for.', errors: ['INVITATION_INVALID'] },
      schema: {
        body: Type.Object({ secret: Secret }, closed),
        response: answers(Type.Object({ name: Type.Optional(Name), role: RoleSchema, expiresAt: Moment })),
      },
    },
    async ({ body }) => accounts.invitation(body.secret, clock()),
  )
  app.post(
    '/api/v1/invitation/accept',
    {
      config: {
        needs: 'nothing',
        summary: 'Uses a link up: sets the password, and the name where there is none, and signs in.',
        errors: ['INVITATION_INVALID', 'ACCOUNT_INVALID', 'ACCOUNT_EXISTS', 'API_CROSS_SITE'],
      },
      schema: {
        body: Type.Object({ secret: Secret, name: Type.Optional(Name), password: Password }, closed),
        response: answers(MeSchema),
      },
    },
    async (request, reply) => {
      const { secret, name = '', password } = request.body
      const address = addressOf(request)
      const invited = accounts.invitation(secret, clock())
      const who = invited.name ?? name.normalize()
      const deed = { as: 'account', who, action: 'invitation.accept', target: invited.role, address } as const
      const account = await onRecord(audit, deed, async () => {
        const accepted = await accounts.accept(secret, who, password, clock())
        await sessions.endAll(accepted.name)
        return accepted
      })
      return welcome(request, reply, await signIn.begin(account, address))
    },
  )
}
