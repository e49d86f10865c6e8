import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createAccess } from '../../api/access/access.ts'
import { createApp } from '../../api/app.ts'
import { createApiHttp, type Needs } from '../../api/guard.ts'
import type { Operations } from '../../api/operations/operations.ts'
import { may, permissions, type Role, roles } from '../../api/roles.ts'
import type { Viewer } from '../../api/viewer.ts'
import { parseConfig } from '../../config/config.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { openApiDocument } from '../support/api.ts'

/** Every route and what it needs. One that is not here fails the test: say who may ask it. */
const needed: Record<string, Needs> = {
  'GET /api/v1/health': 'nothing',
  'GET /healthz': 'nothing',
  'GET /readyz': 'nothing',
  'GET /api/v1/openapi.json': 'nothing',
  'POST /api/v1/session': 'nothing',
  'POST /api/v1/invitation': 'nothing',
  'POST /api/v1/invitation/accept': 'nothing',
  'DELETE /api/v1/session': 'anybody',
  'GET /api/v1/me': 'anybody',
  'PUT /api/v1/me/password': 'anybody',
  'GET /api/v1/points': 'points.read',
  'GET /api/v1/devices': 'devices.read',
  'GET /api/v1/devices/{device}': 'devices.read',
  'GET /api/v1/devices/{device}/regions': 'devices.read',
  'POST /api/v1/devices': 'devices.write',
  'POST /api/v1/devices/announce': 'devices.write',
  'POST /api/v1/devices/import': 'devices.write',
  'POST /api/v1/devices/{device}/rotate': 'devices.write',
  'POST /api/v1/devices/{device}/enable': 'devices.write',
  'POST /api/v1/devices/{device}/disable': 'devices.write',
  'PUT /api/v1/devices/{device}/regions': 'devices.write',
  'GET /api/v1/unknown-devices': 'devices.write',
  'DELETE /api/v1/devices/{device}': 'devices.write',
  'DELETE /api/v1/devices/{device}/regions': 'devices.write',
  'GET /api/v1/ledger': 'ledger.read',
  'GET /api/v1/flow': 'flow.read',
  'GET /api/v1/export': 'rows.export',
  'POST /api/v1/backfill': 'events.backfill',
  'GET /api/v1/snapshots': 'snapshots.read',
  'GET /api/v1/snapshots/{device}/{event}': 'snapshots.read',
  'GET /api/v1/snapshots/{device}/{event}/picture': 'snapshots.read',
  'GET /api/v1/snapshots/{device}/{event}/original': 'originals.read',
  'PUT /api/v1/snapshots/{device}/{event}/hold': 'snapshots.hold',
  'DELETE /api/v1/snapshots/{device}/{event}/hold': 'snapshots.hold',
  'GET /api/v1/parked': 'parked.read',
  'GET /api/v1/parked/{key}': 'parked.read',
  'POST /api/v1/parked/{key}/replay': 'parked.write',
  'DELETE /api/v1/parked/{key}': 'parked.write',
  'GET /api/v1/retention': 'retention.read',
  'GET /api/v1/retention/overdue': 'retention.read',
  'GET /api/v1/retention/deletions': 'retention.read',
  'POST /api/v1/retention/erasures': 'retention.erase',
  'POST /api/v1/retention/held/{kind}/allow': 'retention.erase',
  'GET /api/v1/status': 'status.read',
  'GET /api/v1/overview': 'metrics.read',
  'POST /api/v1/clock/trust': 'clock.trust',
  'GET /api/v1/alerts': 'alerts.read',
  'GET /api/v1/alerts/live': 'alerts.read',
  'GET /api/v1/alerts/report': 'alerts.read',
  'GET /api/v1/alerts/{id}': 'alerts.read',
  'POST /api/v1/alerts/{id}/acknowledge': 'alerts.act',
  'POST /api/v1/alerts/{id}/assign': 'alerts.act',
  'POST /api/v1/alerts/{id}/comment': 'alerts.act',
  'POST /api/v1/alerts/{id}/resolve': 'alerts.act',
  'GET /api/v1/snoozes': 'alerts.read',
  'POST /api/v1/snoozes': 'alerts.act',
  'DELETE /api/v1/snoozes/{id}': 'alerts.act',
  'GET /api/v1/channels': 'channels.read',
  'POST /api/v1/channels/{name}/test': 'channels.test',
  'GET /api/v1/rules': 'rules.read',
  'GET /api/v1/rules/document': 'rules.read',
  'PUT /api/v1/rules/document': 'rules.write',
  'GET /api/v1/rules/history': 'rules.read',
  'GET /api/v1/users': 'accounts.read',
  'POST /api/v1/users': 'accounts.write',
  'POST /api/v1/users/{name}/enable': 'accounts.write',
  'POST /api/v1/users/{name}/disable': 'accounts.write',
  'DELETE /api/v1/users/{name}': 'accounts.write',
  'POST /api/v1/invitations': 'accounts.write',
  'GET /api/v1/tokens': 'accounts.read',
  'POST /api/v1/tokens': 'accounts.write',
  'DELETE /api/v1/tokens/{name}': 'accounts.write',
  'GET /api/v1/audit': 'audit.read',
  'GET /api/v1/audit/verify': 'audit.read',
}

const { paths } = openApiDocument() as { paths: Record<string, Record<string, object>> }
const routes = Object.entries(paths).flatMap(([path, methods]) =>
  Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
)

/** An app whose operations do nothing but note who asked, with an API token of each role. */
async function withTokens() {
  const config = parseConfig({})
  const clock = () => 0
  const asked: Viewer[] = []
  const access = createAccess(createMemoryState(), clock, config)
  const nothing = new Proxy({} as Operations, { get: () => async () => ({}) })
  const { app } = createApp({
    operations: viewer => {
      asked.push(viewer)
      return nothing
    },
    access,
    operatorToken: 'secret',
    config,
    clock,
  })
  const tokens = {} as Record<Role, string>
  for (const role of roles) {
    const sites = role === 'duty' ? { sites: ['南社'] } : {}
    tokens[role] = (await access.tokens.create({ name: role, role, ...sites }, 1, 0)).token
  }
  return { app, tokens, asked }
}
const served = withTokens()

const requestOf = (route: string, token?: string) => {
  const [method, path] = route.split(' ') as ['GET', string]
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return { method, url: path.replaceAll(/\{\w+\}/g, '1'), headers }
}

describe('each route', () => {
  test('is in the table of what it needs', () => {
    expect([...routes].sort()).toEqual(Object.keys(needed).sort())
  })

  for (const [route, needs] of Object.entries(needed)) {
    test(`${route} is for ${needs === 'nothing' ? 'everybody' : needs}, and nobody else`, async () => {
      const { app, tokens, asked } = await served
      const stranger = await app.inject(requestOf(route))
      const wrong = await app.inject(requestOf(route, 'lintel_x'))
      if (needs === 'nothing') expect([401, 403]).not.toContain(stranger.statusCode)
      else expect([stranger.statusCode, wrong.statusCode]).toEqual([401, 401])
      expect(asked).toEqual([])
      for (const role of roles) {
        const answer = await app.inject(requestOf(route, tokens[role]))
        const isFree = needs === 'nothing' || needs === 'anybody'
        if (isFree || may(role, needs)) expect([401, 403], `${role}`).not.toContain(answer.statusCode)
        else expect([role, answer.statusCode, answer.json().code]).toEqual([role, 403, 'API_FORBIDDEN'])
        for (const viewer of asked.splice(0)) expect(viewer).toMatchObject({ as: 'token', name: role, role })
      }
    })
  }

  test('HEAD asks for as much as GET', async () => {
    const { app, tokens } = await served
    const head = (token?: string) =>
      app.inject({ ...requestOf('GET /api/v1/devices', token), method: 'HEAD' })
    expect((await head()).statusCode).toBe(401)
    expect((await head(tokens.analyst)).statusCode).toBe(403)
    expect((await head(tokens.duty)).statusCode).toBe(200)
  })

  test('that does not say what it needs ends the start', () => {
    const app = createApiHttp({ identify: async () => undefined })
    expect(() => app.get('/api/v1/new', async () => 1)).toThrow('GET /api/v1/new does not say what it needs')
    expect(() => app.get('/api/v1/new', { config: { needs: 'nothing' } }, async () => 1)).toThrow(
      'GET /api/v1/new does not say what it does',
    )
  })

  test('that is not there is told of only to those we know', async () => {
    const { app, tokens } = await served
    expect((await app.inject(requestOf('GET /api/v1/nowhere'))).statusCode).toBe(401)
    expect((await app.inject(requestOf('GET /api/v1/nowhere', tokens.analyst))).statusCode).toBe(404)
  })
})

test('the table of docs/operating.md says of each role what the code does', () => {
  const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8')
  const rows = page
    .slice(page.indexOf('### Who may what'), page.indexOf('### Who did what'))
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => line.split('|').map(cell => cell.trim().replaceAll('`', '')))
  const told = rows.map(([, permission, , ...cells]) => [
    permission,
    roles.filter((_, index) => cells[index] === 'yes'),
  ])
  expect(told).toEqual(
    permissions.map(permission => [permission, roles.filter(role => may(role, permission))]),
  )
})
