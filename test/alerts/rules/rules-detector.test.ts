import { describe, expect, test } from 'vitest'
import { createDetector, type Detector } from '../../../alerts/detect/detector.ts'
import type { Saved } from '../../../alerts/detect/observation.ts'
import { adviceOf, ended, explain, happened } from '../../../alerts/rules/explain.ts'
import { type Finding, languages } from '../../../alerts/rules/rule.ts'
import { parseRules } from '../../../alerts/rules/rule-settings.ts'
import { describedRules, rules } from '../../../alerts/rules/rules.ts'
import { secondMs } from '../../../core/clock.ts'
import type { EventRecord } from '../../../devices/contract/record.ts'
import { planTown } from '../../../devices/town/plan.ts'
import {
  door,
  give,
  granted,
  type Happening,
  health,
  savedBy,
  seen,
  somePlace,
  start,
  status,
  tampered,
  vehicle,
} from './watch.ts'

const settings = parseRules()
const kindsOf = (found: readonly Finding[]) =>
  found.map(({ rule, kind, ending }) => `${rule} ${kind} ${ending ?? ''}`.trim())
const at = (s: number) => start + s * secondMs

describe('the detector', () => {
  test('takes no position of the journal twice', () => {
    const detector = createDetector({ settings })
    expect(give(detector, door(0, 'forced'), 7)).toHaveLength(1)
    expect(give(detector, tampered(1, 'case', true), 7)).toEqual([])
    const again = createDetector({ settings, saved: savedBy(new Map(), detector) })
    expect(give(again, tampered(1, 'case', true), 6)).toEqual([])
    expect(give(again, tampered(1, 'case', true), 8)).toHaveLength(1)
  })

  test('lets an hour in which nobody listened bring no deadline nearer', () => {
    const detector = createDetector({ settings })
    give(detector, door(0, 'open'), 1)
    expect(detector.tick(at(20))).toEqual([])
    expect(detector.tick(at(3620))).toEqual([])
    expect(detector.tick(at(3640))).toEqual([])
    const ticks = Array.from({ length: 8 }, (_, n) => detector.tick(at(3650 + n * 10))).flat()
    expect(kindsOf(ticks)).toEqual(['door-held raised'])
    expect(ticks[0]!.occurredAt).toBe(at(0))
    expect(ticks[0]!.receivedAt).toBe(at(3600 + 90))
  })

  for (const [
    gapS,
    counts,
  ] of [[20, true], [29, true], [31, false], [120, false], [600, false], [2400, false]] as const) // biome-ignore format: a table
    test(`takes ${gapS} s without a look ${counts ? 'for time that was listened to' : 'for none: a stop of ours is no silence of a door'}`, () => {
      const detector = createDetector({ settings })
      give(detector, door(0, 'open'), 1)
      expect(detector.tick(at(20))).toEqual([])
      const ticks = Array.from({ length: 10 }, (_, n) => detector.tick(at(20 + gapS + n * 10))).flat()
      // Held for 90 s: 20 of them before the gap.
      expect(ticks).toHaveLength(1)
      expect(ticks[0]!.receivedAt).toBe(at(counts ? 90 : 90 + gapS))
    })

  test('takes a record that was received long ago, and is admitted only now, for history', () => {
    const detector = createDetector({ settings })
    give(detector, health(3600), 1)
    const old = { ...door(0, 'forced'), s: 0 }
    const { s: _, kind, data } = old
    const record = {
      kind,
      data,
      at: at(0),
      receivedAt: at(0),
      late: false,
      skewed: false,
      place: somePlace,
    } as EventRecord
    expect(detector.take({ seq: 2, device: 'd', record }, somePlace, at(3600))).toEqual([])
    expect(give(detector, door(3601, 'forced'), 3)).toHaveLength(1)
  })

  test('gives to save only what has changed', () => {
    const detector = createDetector({ settings })
    give(detector, health(0), 1)
    give(detector, health(1, { device: 'e', place: { id: 2, point: 'd02' } }), 2)
    expect(detector.changed().map(([key]) => key).sort()).toEqual(['device/d', 'device/e', 'head', 'point/nanshe/b01/d01', 'point/nanshe/b01/d02']) // biome-ignore format: a list
    give(detector, health(2), 3)
    expect(detector.changed().map(([key]) => key)).toEqual(['head', 'device/d'])
    detector.remove('d', at(3))
    expect(detector.changed()).toContainEqual(['device/d', undefined])
  })

  test('watches no more places than it has room for, and counts the others', () => {
    const detector = createDetector({ settings, maxUnits: 2 })
    give(detector, health(0), 1)
    const more = { device: 'e', place: { id: 2, point: 'd02' } }
    expect(give(detector, tampered(1, 'case', true, more), 2)).toEqual([])
    expect(detector.stats()).toMatchObject({ units: 2 })
    expect(detector.stats().refused).toBeGreaterThan(0)
  })

  test('ends what a device that is removed, or a rule that is switched off, had raised', () => {
    const detector = createDetector({ settings })
    give(detector, tampered(0, 'case', true), 1)
    give(detector, door(1, 'forced'), 2)
    const off = parseRules({ rules: { 'door-forced': { enabled: false } } })
    expect(kindsOf(detector.use(off, at(2)))).toEqual(['door-forced cleared disabled'])
    expect(kindsOf(detector.remove('d', at(3)))).toEqual(['tamper cleared removed'])
    expect(detector.stats().units).toBe(0)
  })

  test('ends what a rule had raised that was switched off while nobody ran', () => {
    const memory = new Map<string, unknown>()
    const before = createDetector({ settings })
    give(before, door(0, 'forced'), 1)
    const off = parseRules({ sites: { nanshe: { rules: { 'door-forced': { enabled: false } } } } })
    const detector = createDetector({ settings: off, saved: savedBy(memory, before) })
    expect(kindsOf(detector.tick(at(5)))).toEqual(['door-forced cleared disabled'])
  })

  test('opens no state of another version', () => {
    const saved: Saved[] = [['head', { version: 2, seq: 1, listening: null }]]
    expect(() => createDetector({ settings, saved })).toThrow(
      expect.objectContaining({ code: 'DATA_VERSION' }),
    )
  })
})

const town = planTown({ seed: 7, sites: 40, buildingsPerSite: 20, doorsPerBuilding: 3, checkpoints: 0 })

function storm(devices: readonly { device: string; site: string; building: string; point: string; zone: string }[]): Finding[] {
  const detector = createDetector({ settings })
  let seq = 0
  const each = (s: number, state: 'online' | 'offline', perS: number) => {
    const found: Finding[] = []
    for (const [n, { device, site, building, point, zone }] of devices.entries()) {
      const happening = status(s + n / perS, state, { device, place: { id: n + 1, site, building, point, zone } })
      found.push(...give(detector, happening, ++seq))
    }
    return found
  }
  const quiet = (from: number, to: number) =>
    Array.from({ length: Math.max(0, Math.floor(to - from)) }, (_, n) => detector.tick(at(from + n + 1))).flat()
  const found = each(0, 'online', 200)
  // Gone within 24 s each time, for 100 s; back at the pace of a morning. Three times in ten minutes.
  for (const s of [30, 230, 430]) {
    found.push(...each(s, 'offline', 100), ...quiet(s + 24, s + 100), ...each(s + 100, 'online', 100), ...quiet(s + 124, s + 200))
  }
  return [...found, ...quiet(630, 2000)]
} // biome-ignore format: a story

describe('a storm, in which every door drops off and returns three times in ten minutes,', () => {
  test('is one message a site, and one when it is over', () => {
    const found = storm(town)
    expect(town).toHaveLength(2400)
    expect(found).toHaveLength(80)
    for (const kind of ['raised', 'cleared'] as const) {
      const sites = found
        .filter(finding => finding.kind === kind)
        .map(({ rule, place }) => `${rule} ${place.site}`)
      expect(new Set(sites).size).toBe(40)
      expect(sites.every(site => site.startsWith('site-offline'))).toBe(true)
    }
  })

  test('is one message where all of them are one site', () => {
    const found = storm(town.map((device, n) => ({ ...device, site: 'nanshe', building: `b${n}` })))
    expect(kindsOf(found)).toEqual(['site-offline raised', 'site-offline cleared over'])
  })
})

test('what is remembered of a place stays below 8 kB, whatever happens there', () => {
  const detector = createDetector({ settings })
  const memory = new Map<string, unknown>()
  let seq = 0
  for (let s = 0; s < 4000; s++) {
    const n = s % 40
    give(detector, granted(s), ++seq)
    give(detector, seen(s, { person: 9, bicycle: 2, covered: true }, { ago: n % 3 }), ++seq)
    give(detector, tampered(s, (['case', 'camera', 'reader', 'lock'] as const)[n % 4]!, true), ++seq)
    give(detector, vehicle(s, { class: 'car', direction: 'in', lane: s % 64 }), ++seq)
    give(detector, door(s, 'forced', { ago: n }), ++seq)
  }
  for (const [key, value] of savedBy(memory, detector)) {
    expect(JSON.stringify(value).length, key).toBeLessThan(8 * 1024)
  }
})

test('10,000 doors are saved and opened again as they were', () => {
  const detector = createDetector({ settings })
  for (let n = 0; n < 10_000; n++) {
    give(
      detector,
      health(n / 100, { device: `d${n}`, place: { id: n + 1, point: `p${n}`, site: `s${n % 50}` } }),
      n + 1,
    )
  }
  const memory = new Map<string, unknown>()
  const saved = new Map(savedBy(memory, detector))
  const again: Detector = createDetector({ settings, saved })
  expect(again.stats()).toEqual(detector.stats())
  give(again, health(200), 10_001)
  expect(again.changed().length).toBeLessThan(5)
})

describe('every sentence', () => {
  const parts = {
    how: 'reported', openS: 3725, people: 3, granted: 1, denials: 5, windowS: 120, bikes: 1, vehicle: 'car', direction: 'in',
    part: 'lock', by: 'will', missing: 8, known: 9, fault: 'dark', pictures: 4, value: 0.05, times: 2,
  } // biome-ignore format: a list
  const place = { site: '南社', building: '12栋', point: 'd1', device: 'front-door' }
  const sentences = rules.flatMap(rule =>
    (['raised', 'cleared'] as const).flatMap(kind =>
      languages.map(language => {
        const finding: Finding = { rule: rule.name, kind, severity: 'warning', place, cause: 'x@1', occurredAt: start, receivedAt: start, parts } // biome-ignore format: one thing
        return { rule: rule.name, template: rule[kind][language], language, text: explain(finding, language) }
      }),
    ),
  )

  test('is filled in, has the language that it says, and fits into a message', () => {
    for (const { rule, template, language, text } of sentences) {
      expect(text, rule).not.toMatch(/[{}]|undefined|NaN/)
      for (const [, name] of template.matchAll(/\{(\w+)/g)) {
        expect(Object.keys({ ...parts, place, device: '' }), rule).toContain(name)
      }
      expect(text.length, rule).toBeGreaterThan(5)
      if (language === 'en') expect(text.replace(/南社 12栋/, ''), rule).not.toMatch(/\p{Script=Han}/u)
      else expect(text.replace(/南社 12栋/, ''), rule).toMatch(/\p{Script=Han}/u)
      expect(Buffer.byteLength(text), rule).toBeLessThan(300)
    }
  })

  test('of what happened stands without its advice, and every rule has advice in both languages', () => {
    for (const rule of describedRules)
      for (const language of languages) {
        const advice = adviceOf(rule.name, language)
        const told = happened({ rule: rule.name, place, parts }, language)
        expect(advice, rule.name).toMatch(language === 'en' ? /^[A-Z].*[.?]$/ : /。$/)
        expect(told, rule.name).not.toContain(advice)
        expect(told, rule.name).toMatch(language === 'en' ? /[.?]$/ : /[。？]$/)
        expect(ended({ rule: rule.name, place, parts }, language), rule.name).not.toMatch(/^南社|[{}]/)
      }
  })

  test('says durations and shares as one says them', () => {
    const say = (rule: string) => sentences.filter(sentence => sentence.rule === rule).map(({ text }) => text)
    expect(say('door-held')[0]).toBe(
      '南社 12栋 d1: the door has been open for 1 h 2 min. See what holds it, and shut it.',
    )
    expect(say('door-held')[1]).toBe('南社 12栋 d1：门已打开1小时2分未关。请查看原因并关门。')
    expect(say('disk-low')[0]).toContain('5 %')
    expect(say('tamper')[1]).toContain('门锁')
  })
})

test('a finding names the event that raised it, a sighting the event of its picture, and a deadline none', () => {
  const detector = createDetector({ settings })
  const taken = (seq: number, id: string, happening: Happening) => {
    const { kind, data, s } = happening
    const at = start + s * 1000
    const record = {
      kind,
      data,
      at,
      receivedAt: at,
      late: false,
      skewed: false,
      place: somePlace,
    } as EventRecord
    return detector.take({ seq, device: 'd', id, record }, somePlace, at)
  }
  const [tamper] = taken(1, 'e1', tampered(0, 'case', true))
  expect(tamper).toMatchObject({ rule: 'tamper', source: { device: 'd', event: 'e1' } })
  const pictured = [1, 2, 3, 4].flatMap(n => taken(n + 1, `#sighting/p${n}`, seen(n * 25, { covered: true })))
  expect(pictured).toMatchObject([{ rule: 'camera-blind', source: { device: 'd', event: 'p4' } }])
  taken(6, 'e3', door(101, 'open'))
  const found = Array.from({ length: 10 }, (_, n) => detector.tick(start + (110 + n * 15) * secondMs)).flat()
  const [byDeadline] = found.filter(({ rule, kind }) => rule === 'door-held' && kind === 'raised')
  expect(byDeadline).not.toHaveProperty('source')
})
