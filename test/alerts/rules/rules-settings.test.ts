import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type ParameterSchema, parseRules } from '../../../alerts/rules/rule-settings.ts'
import { describedRules, rules } from '../../../alerts/rules/rules.ts'
import { messageOf } from '../../../core/errors.ts'
import { lintel } from '../../support/command.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { exampleFile, exampleRecording, rulesPage } from './rules-page.ts'

const doorHeld = rules.find(({ name }) => name === 'door-held')!

describe('a rules file', () => {
  const cases = [
    { title: 'an unknown rule', file: { rules: { 'door-hold': {} } }, says: 'rules.door-hold: there is no such rule' },
    { title: 'an unknown parameter', file: { rules: { 'door-held': { heldMs: 1 } } }, says: 'rules.door-held.heldMs: is not known; there are enabled' },
    { title: 'a value below its range', file: { rules: { 'door-held': { heldS: 4 } } }, says: 'rules.door-held.heldS: must be a whole number from 5 to 86400 (s), not 4' },
    { title: 'a value above its range', file: { rules: { tailgating: { score: 1.5 } } }, says: 'rules.tailgating.score: must be a number from 0 to 1, not 1.5' },
    { title: 'a value of another type', file: { sites: { nanshe: { rules: { tamper: { enabled: 'no' } } } } }, says: 'sites.nanshe.rules.tamper.enabled: must be true or false, not "no"' },
    { title: 'a word that is none of its', file: { rules: { 'wrong-way': { way: 'up' } } }, says: 'rules.wrong-way.way: must be one of learned, in, out, both, not "up"' },
    { title: 'a point without its building', file: { sites: { a: { points: { d01: {} } } } }, says: 'sites.a.points.d01: must be BUILDING/POINT' },
    { title: 'a rule of a site at a point', file: { sites: { a: { points: { 'b/d': { 'site-offline': {} } } } } }, says: 'is about a whole site' },
    { title: 'a parameter of a site at a point', file: { sites: { a: { points: { 'b/d': { 'flow-high': { perDay: 3 } } } } } }, says: 'sites.a.points.b/d.flow-high.perDay: is of a whole site' },
    { title: 'a rule of the service at a site', file: { sites: { a: { rules: { 'disk-low': {} } } } }, says: 'is about a whole service' },
    { title: 'an unknown member', file: { site: {} }, says: 'site: is not known; there are rules, sites' },
    { title: 'a list', file: { rules: [] }, says: 'rules: must have members' },
    { title: 'a text', file: 'x', says: 'the file: must have members' },
  ] // biome-ignore format: a table
  for (const { title, file, says } of cases) {
    test(`is refused for ${title}, in one clear line`, () => {
      const read = () => parseRules(file)
      expect(read).toThrow(expect.objectContaining({ code: 'RULES_INVALID' }))
      expect(read).toThrow(says)
    })
  }

  test('tells all its problems at once, a line each', () => {
    const file = { rules: { 'door-held': { heldS: 1, x: 1 }, y: {} } }
    try {
      parseRules(file)
      expect.unreachable()
    } catch (error) {
      expect(messageOf(error).split('\n')).toHaveLength(3)
    }
  })

  test('that is empty means the defaults', () => {
    expect(parseRules(null).of(doorHeld, {})).toEqual(parseRules().of(doorHeld, {}))
    expect(parseRules({ rules: null, sites: { nanshe: null } }).of(doorHeld, {}).heldS).toBe(90)
  })

  test('lets the point win over the site, and the site over all, parameter by parameter', () => {
    const settings = parseRules({
      rules: { 'door-held': { heldS: 100, clearS: 11 } },
      sites: {
        nanshe: {
          rules: { 'door-held': { heldS: 200, severity: 'notice' } },
          points: { 'b01/d01': { 'door-held': { heldS: 300 } } },
        },
      },
    })
    const d01 = { site: 'nanshe', building: 'b01', point: 'd01' }
    expect(settings.of(doorHeld, d01)).toMatchObject({
      heldS: 300,
      clearS: 11,
      severity: 'notice',
      lapseS: 43_200,
    })
    expect(settings.of(doorHeld, { ...d01, point: 'd02' }).heldS).toBe(200)
    expect(settings.of(doorHeld, { ...d01, site: 'luwu' }).heldS).toBe(100)
    expect(settings.effective(doorHeld, d01)).toEqual([
      { parameter: 'enabled', value: true, from: 'default' },
      { parameter: 'severity', value: 'notice', from: 'site' },
      { parameter: 'heldS', value: 300, from: 'point' },
      { parameter: 'lapseS', value: 43_200, from: 'default' },
      { parameter: 'clearS', value: 11, from: 'all' },
    ])
  })
})

describe('every parameter', () => {
  const all = describedRules.flatMap(({ name, parameters }) =>
    Object.entries(parameters.properties).map(([parameter, schema]) => {
      return { key: `${name}.${parameter}`, schema: schema as ParameterSchema }
    }),
  )
  test('has a title in both languages, a unit, a default, and a range where it is a number', () => {
    for (const { key, schema } of all) {
      expect(schema.title.length, key).toBeGreaterThan(4)
      expect(schema.titleZh, key).toMatch(/\p{Script=Han}/u)
      expect(typeof schema.unit, key).toBe('string')
      expect(schema.default, key).toBeDefined()
      if (schema.type === 'integer' || schema.type === 'number') {
        expect(schema.minimum, key).toBeLessThanOrEqual(schema.default as number)
        expect(schema.maximum, key).toBeGreaterThanOrEqual(schema.default as number)
      }
    }
  })
})

test('docs/rules.md is what the rules say (npx vitest run test/alerts/rules/rules-settings.test.ts -u writes it)', async () => {
  await expect(rulesPage()).toMatchFileSnapshot('../../../docs/rules.md')
})

test('the examples of docs/rules.md are taken', async () => {
  const directory = await temporaryDirectory()
  const rulesFile = join(directory, 'rules.yaml')
  const recording = join(directory, 'events.jsonl')
  writeFileSync(rulesFile, exampleFile)
  writeFileSync(recording, exampleRecording)
  const shown = await lintel('rules', 'show', '--rules', rulesFile, '--site', 'nanshe', '--point', 'b01/d01', '--rule', 'door-held') // biome-ignore format: a command
  expect(shown.stdout).toMatch(/heldS +600 +s +point/)
  const tested = await lintel('rules', 'test', recording, '--rules', rulesFile, '--then', '60')
  expect(tested.stdout).toContain(
    'nanshe b01 d01: the door was forced (it says so). See whether it is shut and unharmed.',
  )
  expect(tested.stdout).toContain('2 records of 1 devices: 1 raised, 1 cleared, 0 still raised')
})
