import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { assign, parseAssignment, unassign } from '../../cli/rules/edit-document.ts'
import { lintel } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

// Each command is a process that loads all of the service's code: seconds of a slow machine.
vi.setConfig({ testTimeout: 120_000 })

describe('an assignment', () => {
  const cases = [
    { text: 'door-held.heldS=120', means: { rule: 'door-held', parameter: 'heldS', value: 120 } },
    { text: 'tailgating.score=0.75', means: { rule: 'tailgating', parameter: 'score', value: 0.75 } },
    { text: 'tamper.enabled=false', means: { rule: 'tamper', parameter: 'enabled', value: false } },
    { text: 'tamper.severity=notice', means: { rule: 'tamper', parameter: 'severity', value: 'notice' } },
    { text: 'tamper.severity=', means: { rule: 'tamper', parameter: 'severity', value: '' } },
    { text: './rules.a=b.yaml', means: undefined },
    { text: 'rules.yaml', means: undefined },
    { text: '-', means: undefined },
  ]
  for (const { text, means } of cases)
    test(`${text} is ${means === undefined ? 'none' : 'read'}`, () => expect(parseAssignment(text)).toEqual(means)) // biome-ignore format: one line
})

describe('a document', () => {
  const heldS = { rule: 'door-held', parameter: 'heldS', value: 9 }
  const cases = [
    { title: 'for all', layer: {}, document: { rules: { 'door-held': { heldS: 9 } } } },
    { title: 'of a site', layer: { site: 'a' }, document: { sites: { a: { rules: { 'door-held': { heldS: 9 } } } } } },
    { title: 'of a point', layer: { site: 'a', point: 'b/d' }, document: { sites: { a: { points: { 'b/d': { 'door-held': { heldS: 9 } } } } } } },
    { title: 'of a site with the name of a member of objects', layer: { site: '__proto__' }, document: { sites: { ['__proto__']: { rules: { 'door-held': { heldS: 9 } } } } } },
  ] // biome-ignore format: a table
  for (const { title, layer, document } of cases) {
    test(`takes a value ${title}, and is as before without it`, () => {
      const set = assign({}, layer, heldS)
      expect(JSON.stringify(set)).toBe(JSON.stringify(document))
      expect(unassign(set, layer, 'door-held.heldS')).toEqual({})
      expect(unassign(set, layer, 'door-held')).toEqual({})
    })
  }

  test('keeps all else, and empty members of a file are no hindrance', () => {
    const before = { rules: { tamper: { clearS: 5 } }, sites: null }
    const after = assign(before, { site: 'a' }, heldS)
    expect(after).toEqual({ ...before, sites: { a: { rules: { 'door-held': { heldS: 9 } } } } })
    expect(before).toEqual({ rules: { tamper: { clearS: 5 } }, sites: null })
    expect(unassign(after, {}, 'tamper.clearS')).toEqual({ sites: after.sites })
  })

  test('refuses to unset what is not set', () => {
    for (const name of ['door-held', 'door-held.heldS', 'toString'])
      expect(() => unassign({ rules: {} }, {}, name)).toThrow(`rules.${name}: is not set`)
  })
})

test('rules are set, shown, unset and taken back with no service up', { timeout: 120_000 }, async () => {
  const data = join(await temporaryDirectory(), 'data')
  const file = join(data, '..', 'rules.yaml')
  mkdirSync(data)
  const rules = (...words: string[]) => lintel('rules', ...words, '--data', data)
  await lintel('device', 'add', 'd1', '--kind', 'terminal', '--site', 'nanshe', '--building', 'b01', '--point', 'd01', '--data', data) // biome-ignore format: one line

  const set = await rules('set', 'door-held.heldS=600', '--site', 'nanshe', '--point', 'b01/d01')
  expect(set.stdout).toMatch(/sites\.nanshe\.points\.b01\/d01\.door-held\.heldS +600\nversion 1 is in force/)
  const shown = await rules('show', '--site', 'nanshe', '--point', 'b01/d01', '--rule', 'door-held')
  expect(shown.stdout).toMatch(/heldS +600 +s +point/)
  const listed = JSON.parse((await rules('show', '--rule', 'door-held', '--json')).stdout) as object[]
  expect(listed).toContainEqual(expect.objectContaining({ rule: 'door-held', parameter: 'heldS' }))
  const tried = await rules('unset', 'door-held', '--site', 'nanshe', '--point', 'b01/d01', '--dry-run')
  expect(tried.stdout).toContain('nothing was changed: version 1 is in force')

  const halfSaid = await rules('set', 'door-held.heldS=60', 'door-held')
  expect(halfSaid).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('door-held: say RULE.PARAMETER'),
  })
  writeFileSync(file, 'calendar: { holidays: { new: [2027-02-30] } }')
  const wrong = await rules('set', file)
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('"2027-02-30" is no date') })
  writeFileSync(file, 'calendar: { holidays: { new: [2027-02-28] } }')
  expect((await rules('set', file)).stdout).toContain('version 2 is in force')

  writeFileSync(file, (await rules('document', '--of', '1')).stdout)
  expect(JSON.parse((await rules('set', file, '--json')).stdout)).toMatchObject({ version: 3, warnings: [] })
  const history = JSON.parse((await rules('history', '--json')).stdout) as { version: number; by: string }[]
  expect(history.map(({ version, by }) => [version, by])).toEqual([[3, 'operator'], [2, 'operator'], [1, 'operator']]) // biome-ignore format: one line
})
