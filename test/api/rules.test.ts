import { describe, expect, test } from 'vitest'
import { createRuleBook } from '../../alerts/rules/rule-book.ts'
import { createAccess } from '../../api/access/access.ts'
import { createApp } from '../../api/app.ts'
import { audited } from '../../api/audit/audited.ts'
import type { Operations } from '../../api/operations/operations.ts'
import { createRuleOperations } from '../../api/operations/rule-operations.ts'
import type { RulesAt, RulesDocumentView, RulesSetView } from '../../api/operations/rule-view.ts'
import { operator, type Viewer } from '../../api/viewer.ts'
import { parseConfig } from '../../config/config.ts'
import type { Problem } from '../../core/http.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { createRegistry } from '../../devices/registry/registry.ts'

const duty: Viewer = { as: 'account', name: 'wang.fang', role: 'duty', sites: ['luwu'] }
const heldS = (seconds: number) => ({ 'door-held': { heldS: seconds } })
const file = {
  rules: heldS(100),
  sites: {
    nanshe: { rules: heldS(200), points: { 'b01/d01': heldS(300) } },
    luwu: { rules: heldS(400) },
  },
}

async function setUp() {
  const state = createMemoryState()
  const registry = createRegistry(state)
  const device = { kind: 'terminal', building: 'b01', point: 'd01', zone: 'UTC' }
  await registry.enrol([{ device: 'd1', site: 'nanshe', ...device }, { device: 'd2', site: 'luwu', ...device }], 0) // biome-ignore format: one line
  const parts = { ruleBook: createRuleBook(state), registry, clock: () => 7 }
  const access = createAccess(state, () => 7, parseConfig({}))
  const of = (viewer: Viewer) => createRuleOperations(parts, viewer)
  const onRecord = (viewer: Viewer) => audited(of(viewer) as Operations, viewer, access.audit)
  return { of, onRecord, audit: access.audit, access }
}

describe('the rules at a place', () => {
  const cases = [
    { title: 'everywhere', place: {}, value: 100, from: 'all' },
    { title: 'at a site', place: { site: 'nanshe' }, value: 200, from: 'site' },
    { title: 'at a point', place: { site: 'nanshe', building: 'b01', point: 'd01' }, value: 300, from: 'point' },
    { title: 'at another point', place: { site: 'nanshe', building: 'b01', point: 'd02' }, value: 200, from: 'site' },
  ] as const // biome-ignore format: a table
  for (const { title, place, value, from } of cases) {
    test(`${title} are told with all that a form needs`, async () => {
      const { of } = await setUp()
      await of(operator).setRules(file)
      const { version, rules } = await of(operator).rulesAt({ ...place, rule: 'door-held' })
      expect([version, rules.length]).toEqual([1, 1])
      expect(rules[0]).toMatchObject({ rule: 'door-held', scope: 'point', title: { zh: expect.any(String) } })
      expect(rules[0]!.parameters.find(({ parameter }) => parameter === 'heldS')).toEqual({
        parameter: 'heldS',
        title: { en: 'Open for so long, it is held', zh: '开门多久算常开' },
        type: 'integer',
        minimum: 5,
        maximum: 86_400,
        unit: 's',
        default: 90,
        value,
        from,
      })
      expect(rules[0]!.parameters.find(({ parameter }) => parameter === 'severity')).toMatchObject({
        enum: ['notice', 'warning', 'critical'],
        from: 'default',
      })
    })
  }

  test('where no device stands come with a warning', async () => {
    const { of } = await setUp()
    const place = { site: 'nanshe', building: 'b01', point: 'd9' }
    expect((await of(operator).rulesAt(place)).warnings).toEqual([
      'sites.nanshe.points.b01/d9: no device stands there',
    ])
  })

  test('of a site of others are not told to a duty room, and a point needs its building', async () => {
    const { of } = await setUp()
    await expect(of(duty).rulesAt({ site: 'nanshe' })).rejects.toMatchObject({ code: 'API_FORBIDDEN' })
    expect((await of(duty).rulesAt({ site: 'luwu' })).rules.length).toBeGreaterThan(10)
    for (const place of [{ point: 'd1' }, { site: 'luwu', point: 'd1' }, { building: 'b01' }])
      await expect(of(operator).rulesAt(place)).rejects.toMatchObject({ code: 'API_REQUEST_INVALID' })
  })
})

describe('the rules document', () => {
  test('is set with what changes and a warning of each place where no device stands', async () => {
    const { of } = await setUp()
    const wrong = { sites: { nanshe: { points: { 'b1/d1': heldS(300) } }, nansh: {} } }
    expect(await of(operator).setRules(wrong)).toEqual({
      version: 1,
      changes: [{ at: 'sites.nanshe.points.b1/d1.door-held.heldS', after: 300 }],
      warnings: [
        'sites.nanshe.points.b1/d1: no device stands there',
        'sites.nansh: no device stands at a site of this name',
      ],
    })
  })

  test('is told of a duty room’s own sites, and so is its history', async () => {
    const { of } = await setUp()
    await of(operator).setRules(file)
    expect((await of(duty).rulesDocument()).document).toEqual({
      rules: file.rules,
      sites: { luwu: file.sites.luwu },
    })
    const [version] = await of(duty).rulesHistory()
    expect(version!.changes!.map(({ at }) => at)).toEqual([
      'rules.door-held.heldS',
      'sites.luwu.rules.door-held.heldS',
    ])
  })

  test('of an older version is there as long as it is kept', async () => {
    const { of } = await setUp()
    await of(operator).setRules({ rules: heldS(100) })
    await of(operator).setRules({})
    expect(await of(operator).rulesDocument(1)).toMatchObject({ version: 1, at: 7, by: 'operator', document: { rules: heldS(100) } }) // biome-ignore format: one line
    expect(await of(operator).rulesDocument()).toEqual({ version: 2, at: 7, by: 'operator', document: {}, warnings: [] }) // biome-ignore format: one line
    await expect(of(operator).rulesDocument(3)).rejects.toMatchObject({ code: 'API_NOT_FOUND' })
    for (let n = 1; n <= 50; n++) await of(operator).setRules({ rules: heldS(100 + n) })
    const oldest = (await of(operator).rulesHistory()).at(-1)!
    expect(oldest).toEqual({ version: 3, at: 7, by: 'operator' })
  })

  test('that was set is on record, one that was only tried or says nothing new is not', async () => {
    const { onRecord, audit } = await setUp()
    const operations = onRecord(operator)
    await operations.setRules(file, { dryRun: true })
    await operations.setRules({ rules: heldS(120) })
    await operations.setRules({ rules: heldS(120) })
    await expect(operations.setRules({ rules: heldS(1) })).rejects.toMatchObject({ code: 'RULES_INVALID' })
    const entries = audit.latest(10)
    expect(entries.map(({ action, target }) => [action, target])).toEqual([
      ['rules.set', 'version 1: rules.door-held.heldS 120'],
    ])
  })

  test('is not there on a gateway alone', async () => {
    const registry = createRegistry(createMemoryState())
    const { rulesAt, rulesDocument, setRules, rulesHistory } = createRuleOperations({ registry, clock: () => 0 }, operator) // biome-ignore format: one line
    for (const ask of [() => rulesAt({}), () => rulesDocument(), () => setRules({}), () => rulesHistory()])
      await expect(ask()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

describe('the rules over HTTP', () => {
  async function serve() {
    const { of, access } = await setUp()
    const { app } = createApp({
      operations: viewer => of(viewer) as Operations,
      access,
      operatorToken: 'secret',
      config: parseConfig({}),
      clock: () => 7,
    })
    const headers = { authorization: 'Bearer secret' }
    const url = '/api/v1/rules/document'
    const get = () => app.inject({ url, headers })
    const put = (payload: unknown, more: Record<string, string> = {}, query = '') =>
      app.inject({ method: 'PUT', url: `${url}${query}`, headers: { ...headers, ...more }, payload: payload as object }) // biome-ignore format: one line
    return { app, headers, get, put }
  }

  test('are read with an ETag, and put in force with it', async () => {
    const { get, put } = await serve()
    expect((await get()).headers.etag).toBe('"0"')
    const set = await put({ rules: heldS(120) }, { 'if-match': '"0"' })
    expect([set.statusCode, set.headers.etag]).toEqual([200, '"1"'])
    expect(set.json<RulesSetView>().changes).toEqual([{ at: 'rules.door-held.heldS', after: 120 }])
    expect((await get()).json<RulesDocumentView>()).toMatchObject({
      version: 1,
      by: 'operator',
      document: { rules: heldS(120) },
    })
    const late = await put({}, { 'if-match': '"0"' })
    expect([late.statusCode, late.json<Problem>().code]).toEqual([412, 'RULES_CONFLICT'])
  })

  const cases = [
    { title: 'of any version', header: '*', status: 200 },
    { title: 'of another version', header: '"3"', status: 412 },
    { title: 'that is no ETag', header: '3', status: 400 },
    { title: 'of several', header: '"0", "1"', status: 400 },
  ]
  for (const { title, header, status } of cases) {
    test(`answer ${status} to an If-Match ${title}`, async () => {
      const { put } = await serve()
      expect((await put({ rules: heldS(120) }, { 'if-match': header })).statusCode).toBe(status)
    })
  }

  test('that are only tried change nothing', async () => {
    const { get, put } = await serve()
    const tried = await put({ rules: heldS(120) }, {}, '?dryRun=true')
    expect(tried.json<RulesSetView>()).toMatchObject({ version: 0, changes: [{ after: 120 }] })
    expect((await get()).json<RulesDocumentView>()).toMatchObject({ version: 0, document: {} })
  })

  test('that are wrong are refused with a line for each problem', async () => {
    const { put } = await serve()
    const refused = await put({ rules: { 'door-held': { heldS: 1 }, x: {} } })
    expect(refused.statusCode).toBe(400)
    expect(refused.json<Problem>()).toMatchObject({ code: 'RULES_INVALID' })
    expect(refused.json<Problem>().detail.split('\n')).toHaveLength(2)
    const poisoned = await put('{"__proto__": {"x": 1}}', { 'content-type': 'application/json' })
    expect(poisoned.json<Problem>()).toMatchObject({ code: 'API_REQUEST_INVALID' })
  })

  test('are told of a place that is named in the address', async () => {
    const { app, headers, put } = await serve()
    await put(file)
    const url = '/api/v1/rules?site=nanshe&building=b01&point=d01&rule=door-held'
    const { rules } = (await app.inject({ url, headers })).json<RulesAt>()
    expect(rules[0]!.parameters.find(({ parameter }) => parameter === 'heldS')!.value).toBe(300)
  })
})
