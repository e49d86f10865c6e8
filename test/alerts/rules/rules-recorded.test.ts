import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Recorded, replay } from '../../../alerts/detect/replay.ts'
import { explain } from '../../../alerts/rules/explain.ts'
import type { Finding } from '../../../alerts/rules/rule.ts'
import { parseRules } from '../../../alerts/rules/rule-settings.ts'
import { rules } from '../../../alerts/rules/rules.ts'
import { readRecording } from '../../../cli/recording.ts'
import { hourMs, minuteMs } from '../../../core/clock.ts'
import { formatRfc3339 } from '../../../core/rfc3339.ts'
import { timedEventsOf } from '../../../devices/town/events.ts'
import { awayOf, repeatAfterMs, skewedOf, usualFaults } from '../../../devices/town/faults.ts'
import { planTown } from '../../../devices/town/plan.ts'
import { lintel } from '../../support/command.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const recording = fileURLToPath(new URL('recorded/town.jsonl', import.meta.url))
const quickLearner = parseRules({
  rules: { 'door-forced': { learnOpenings: 3 }, 'wrong-way': { vehicles: 10 } },
})

function write(directory: string, lines: readonly unknown[]): string {
  const path = join(directory, `${files++}.jsonl`)
  writeFileSync(path, lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'))
  return path
}
let files = 0
/** A recording as a file. */
const recorded = async (lines: readonly unknown[]) => write(await temporaryDirectory(), lines)

describe('an hour of four doors and a lane', () => {
  test('is told as recorded (npx vitest run test/alerts/rules/rules-recorded.test.ts -u writes it)', async () => {
    const found = [...replay(await readRecording([recording], {}), quickLearner, hourMs)]
    const text = found.map(
      finding =>
        `${formatRfc3339(finding.receivedAt)} ${finding.kind === 'raised' ? '+' : '-'} ${finding.rule}: ${explain(finding, 'en')} ${explain(finding, 'zh')}\n`,
    )
    await expect(text.join('')).toMatchFileSnapshot('recorded/town.txt')
    const seen = new Set(found.map(({ rule }) => rule))
    const unseen = rules.filter(({ scope, name }) => scope !== 'service' && !seen.has(name))
    expect(unseen.map(({ name }) => name)).toEqual([])
  })
})

describe('a day of a small town with its faults', () => {
  const seed = 7
  const town = planTown({ seed, sites: 2, buildingsPerSite: 3, doorsPerBuilding: 4, checkpoints: 1 })
  const from = Date.parse('2026-11-16T00:00:00+08:00')
  const skewed = skewedOf(town.map(({ device }) => device), seed, 1) // biome-ignore format: one thing
  const lines = town.flatMap(({ device, site, building, point, ...rest }) => {
    const isAway = awayOf(device, seed, 0.2)
    return [...timedEventsOf({ device, site, building, point, ...rest }, from, from + 24 * hourMs, seed, { incidents: 30 })].flatMap(
      ({ at, event }) => {
        let received = at
        while (isAway(received)) received += minuteMs
        const time = formatRfc3339(skewed.has(device) ? at + usualFaults.skewMs : at)
        const line = { ...event, time, device, site, building, point, received: formatRfc3339(received) }
        const again = repeatAfterMs(device, event.id, seed, 0.05)
        return again === undefined ? [line] : [line, { ...line, received: formatRfc3339(received + again) }]
      },
    )
  }) // biome-ignore format: a town
  let records: Recorded[] = []
  let found: Finding[] = []
  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lintel-'))
    records = await readRecording([write(directory, lines)], {})
    found = [...replay(records, parseRules(), 13 * hourMs)]
    rmSync(directory, { recursive: true })
  })
  const raised = (rule: string) => found.filter(finding => finding.rule === rule && finding.kind === 'raised')

  test('has one alert for each door that is forced and each part that is tampered with, but none for what comes late', () => {
    const live = records.filter(({ record }) => !record.late).map(({ record }) => record)
    const forced = live.filter(({ kind, data }) => kind === 'door' && data.state === 'forced')
    const tampered = live.filter(({ kind, data }) => kind === 'tamper' && data.active)
    expect(forced.length + tampered.length).toBeGreaterThan(4)
    expect(raised('door-forced').filter(({ parts }) => parts.how === 'reported').map(({ occurredAt }) => occurredAt)).toEqual(forced.map(({ at }) => at)) // biome-ignore format: one thing
    expect(raised('tamper').map(({ occurredAt }) => occurredAt)).toEqual(tampered.map(({ at }) => at))
    const late = new Set(records.filter(({ record }) => record.late).map(({ record }) => record.at))
    expect(late.size).toBeGreaterThan(50)
    expect(found.filter(({ kind, occurredAt }) => kind === 'raised' && late.has(occurredAt))).toEqual([])
  })

  test('has one alert for the clock that is wrong all day', () => {
    expect(raised('clock-skew').map(({ place }) => place.device)).toEqual([...skewed])
  })

  test('is not told of each door that is silent or held twice', () => {
    const held = records.filter(
      ({ record: { kind, data, late } }) => kind === 'door' && data.state === 'held' && !late,
    )
    expect(raised('door-held').length).toBeGreaterThanOrEqual(held.length)
    expect(raised('door-held').length).toBeLessThan(held.length + 5)
    expect(new Set(found.map(({ rule, place, cause, kind }) => JSON.stringify([rule, place, cause, kind]))).size).toBe(found.length) // biome-ignore format: one thing
  })
})

describe('a recording', () => {
  const door = { device: 'd', id: '1', type: 'door', time: '2026-11-21T08:00:00Z', data: { state: 'forced' } }

  test('may hold arrays, blank lines, and the same event again', async () => {
    const read = await readRecording([await recorded([[door, { ...door, id: '2' }], '', door])], {})
    expect(read).toHaveLength(2)
    expect(read[0]).toMatchObject({
      device: 'd',
      place: { site: 'site', building: 'building', point: 'd', device: 'd' },
    })
  })

  test('may be exported rows of several kinds, which are put in the order of their receipt', async () => {
    const place = { site: 's', building: 'b', point: 'p', device: 'd', late: false, skewed: false }
    const doors = await recorded([{ time: '2026-11-21T16:00:05.000+08:00', received: '2026-11-21T16:00:06.000+08:00', ...place, state: 'forced', openMs: null }]) // biome-ignore format: a row
    const passages = await recorded([{ time: '2026-11-21T16:00:00.000+08:00', received: '2026-11-21T16:00:00.500+08:00', ...place, direction: 'in', result: 'granted', method: 'card', holder: null, reason: null }]) // biome-ignore format: a row
    const read = await readRecording([doors, passages], {})
    expect(read.map(({ record }) => [record.kind, record.data])).toEqual([
      ['passage', { direction: 'in', result: 'granted', method: 'card' }],
      ['door', { state: 'forced' }],
    ])
    expect(read[1]!.record.receivedAt - read[1]!.record.at).toBe(1000)
  })

  test('may be judged as if all of it had been received when it happened', async () => {
    const path = await recorded([{ ...door, received: '2026-11-21T09:00:00Z' }])
    const found = async (live: boolean) =>
      [...replay(await readRecording([path], { live }), parseRules())].length
    expect([await found(false), await found(true)]).toEqual([0, 1])
  })

  test('gives a device that is moved a new place', async () => {
    const places = (await readRecording([await recorded(['a', 'a', 'b', 'a'].map((point, n) => ({ ...door, id: String(n), point })))], {})).map(({ place }) => place.id) // biome-ignore format: one thing
    expect(places).toEqual([1, 1, 2, 3])
  })

  const cases = [
    { title: 'is no JSON', line: '{"id":', says: /:1: .*JSON/ },
    { title: 'is no object', line: '5', says: /:1: it is no JSON object/ },
    { title: 'has no device', line: { ...door, device: undefined }, says: /:1: it has no device/ },
    { title: 'has no time', line: { ...door, time: undefined }, says: /:1: time must be RFC 3339/ },
    { title: 'breaks the contract', line: { ...door, data: { state: 'ajar' } }, says: /:1: \/data\/state must be one of open/ },
    { title: 'is of no type', line: { ...door, type: 'party' }, says: /:1: type must be one of/ },
    { title: 'is no row that is known', line: { device: 'd', time: door.time, x: 1 }, says: /:1: it is neither an event nor a row/ },
  ] // biome-ignore format: a table
  for (const { title, line, says } of cases) {
    test(`is refused where a line ${title}, with its number`, async () => {
      const read = readRecording([await recorded([line])], {})
      await expect(read).rejects.toMatchObject({
        code: 'RECORDING_INVALID',
        message: expect.stringMatching(says),
      })
    })
  }

  test('is told in the zone of the configuration, as a table and as JSON', async () => {
    const config = join(await temporaryDirectory(), 'lintel.json')
    writeFileSync(config, JSON.stringify({ zone: 'Asia/Kathmandu' }))
    for (const json of [[], ['--json']]) {
      const { stdout } = await lintel('rules', 'test', await recorded([door]), '--config', config, ...json)
      expect(stdout).toMatch(/\+05:45/)
      expect(stdout).not.toMatch(/\dZ\b/)
    }
  })

  test('is told as JSON, one array of findings, in both languages', async () => {
    const { stdout } = await lintel('rules', 'test', await recorded([door]), '--json')
    expect(JSON.parse(stdout)).toMatchObject([{
      rule: 'door-forced', kind: 'raised', severity: 'critical', place: { site: 'site', building: 'building', point: 'd' },
      en: expect.stringContaining('forced'), zh: expect.stringContaining('强行'),
    }]) // biome-ignore format: a finding
  })

  test('keeps what comes under the id of another event, marked, and once what comes again as it was', async () => {
    const said = (id: string, data: object, type = 'door') => ({
      device: 'd',
      id,
      type,
      time: '2026-11-21T08:00:00+08:00',
      data,
    })
    const [first, forced] = [said('1', { uptimeS: 5 }, 'health'), said('1', { state: 'forced' })]
    const read = await readRecording([await recorded([first, forced, first, forced])], {})
    expect(read.map(({ record: { kind, reused } }) => [kind, reused])).toEqual([
      ['health', undefined],
      ['door', true],
    ])
    expect([...replay(read, parseRules({}))].map(({ rule }) => rule)).toEqual(['door-forced', 'ids-reused'])
  })

  test('takes an event that is sent again with another time for the same, as the journal does', async () => {
    const said = (time: string) => ({ device: 'd', id: '1', type: 'health', time, data: { uptimeS: 5 } })
    const times = ['2026-11-21T08:00:00+08:00', '2026-11-21T08:20:00+08:00', '2026-11-21T10:00:00+08:00']
    const read = await readRecording([await recorded(times.map(said))], {})
    expect(read.map(({ record }) => record.reused)).toEqual([undefined, true])
  })

  test('that is not there, or a rules file that is wrong, ends the command with its code', async () => {
    expect((await lintel('rules', 'test', '/nowhere.jsonl')).stderr).toContain(
      'RECORDING_INVALID: /nowhere.jsonl',
    )
    const file = await recorded(['rules: { door-held: { heldS: 1 } }'])
    const { stderr, code } = await lintel('rules', 'show', '--rules', file)
    expect(stderr).toContain(`RULES_INVALID: ${file}: rules.door-held.heldS: must be a whole number from 5`)
    expect(code).toBe(1)
  })
})
