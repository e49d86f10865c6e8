import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../../../alerts/rules/rule.ts'
import {
  denied,
  door,
  gauge,
  granted,
  type Happening,
  health,
  seen,
  status,
  tampered,
  vehicle,
  watch,
} from './watch.ts'

const devices = [
  { device: 'a', place: { id: 1, point: 'd01' } },
  { device: 'b', place: { id: 2, point: 'd02' } },
  { device: 'c', place: { id: 3, point: 'd02' } },
  { device: 'e', place: { id: 4, site: 'luwu', point: 'd03' } },
] as const

/** So that random streams meet the edges of the rules. */
const rules = {
  'door-forced': { learnOpenings: 2, explainedShare: 0.3, lapseS: 600, clearS: 30 },
  'door-held': { heldS: 30, lapseS: 600 },
  'denied-burst': { denials: 2, windowS: 60, clearS: 60 },
  tailgating: { clearS: 60 },
  'wrong-way': { way: 'in' },
  'device-offline': { learnS: 300, leastSilenceS: 120, graceS: 20, clearS: 30 },
  'site-offline': { devices: 2, clearS: 40 },
  'camera-blind': { pictures: 2, spanS: 1, clearS: 20 },
  'clock-skew': { events: 2, goodEvents: 2 },
}

type More = Partial<Omit<Happening, 's' | 'kind' | 'data'>>
const one = (make: (s: number, more: More) => Happening) => (s: number, more: More) => [make(s, more)]

const what = fc.oneof(
  fc.constantFrom('open', 'closed', 'forced', 'held').map(state => one((s, more) => door(s, state as 'open', more))),
  fc.constantFrom('in', 'out').map(way => one((s, more) => granted(s, more, way as 'in'))),
  fc.constant(one(denied)),
  fc.constant(one(health)),
  fc.tuple(fc.constantFrom('case', 'lock'), fc.boolean()).map(([part, active]) => one((s, more) => tampered(s, part as 'case', active, more))),
  fc.constantFrom('online', 'offline').map(state => one((s, more) => status(s, state as 'online', more))),
  fc.constantFrom('in', 'out').map(way => one((s, more) => vehicle(s, { class: 'car', direction: way as 'in' }, more))),
  fc.record({ person: fc.nat(3), bicycle: fc.nat(1), covered: fc.boolean() }).map(data => (s: number, more: More) => [
    granted(s, more),
    seen(s + 1, data, { ...more, ago: (more.ago ?? 0) + 1 }),
  ]),
  fc.nat(900).map(value => one(s => gauge(s, 'journal-lag', value))),
) // biome-ignore format: a list

const stream = fc
  .array(
    fc.record({
      make: what,
      gap: fc.oneof({ weight: 6, arbitrary: fc.nat(20) }, fc.nat(400)),
      ago: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(290)),
      late: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, fc.boolean()),
      skewed: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
      who: fc.constantFrom(...devices),
    }),
    { maxLength: 80, size: 'max' },
  )
  .map(steps => {
    let s = 0
    return steps.flatMap(({ make, gap, ago, late, skewed, who }) => {
      s += gap
      return make(s, { ...who, late, skewed, ago: skewed ? 0 : late ? ago + 301 : ago })
    })
  })

const lastOf = (happenings: readonly Happening[]) => happenings.at(-1)?.s ?? 0
const keyOf = ({ rule, place, cause }: Finding) => JSON.stringify([rule, place, cause])

describe('whatever happens', () => {
  test('nothing is raised twice, and nothing cleared that was not raised', () => {
    fc.assert(
      fc.property(stream, happenings => {
        const ever = new Set<string>()
        const open = new Set<string>()
        for (const finding of watch(happenings, { rules, until: lastOf(happenings) + 1000 })) {
          const key = keyOf(finding)
          if (finding.kind === 'raised') {
            expect(ever.has(key)).toBe(false)
            ever.add(key)
            open.add(key)
          } else expect(open.delete(key)).toBe(true)
        }
      }),
    )
  })

  test('no place has two of one rule raised at once, but for the parts of a device', () => {
    fc.assert(
      fc.property(stream, happenings => {
        const open = new Map<string, number>()
        for (const { rule, kind, place, parts } of watch(happenings, {
          rules,
          until: lastOf(happenings) + 1000,
        })) {
          const key = JSON.stringify([rule, place, rule === 'tamper' ? parts.part : ''])
          open.set(key, (open.get(key) ?? 0) + (kind === 'raised' ? 1 : -1))
          expect(open.get(key)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  test('nothing stays raised once all is well for a while', () => {
    fc.assert(
      fc.property(stream, happenings => {
        const end = lastOf(happenings) + 1
        const well = devices.flatMap(who => [
          status(end, 'online', who),
          door(end, 'closed', who),
          ...(['case', 'lock'] as const).map(part => tampered(end, part, false, who)),
          ...[1, 2].map(s => seen(end + s, { covered: false }, who)),
        ])
        const onwards = Array.from({ length: 100 }, (_, n) =>
          devices.map(who => health(end + 3 + n * 20, who)),
        ).flat()
        const all = [
          ...happenings,
          ...well.sort((a, b) => a.s - b.s),
          gauge(end + 3, 'journal-lag', 0),
          ...onwards,
        ]
        const open = new Set<string>()
        for (const finding of watch(all, { rules, until: end + 2000 })) {
          if (finding.kind === 'raised') open.add(keyOf(finding))
          else open.delete(keyOf(finding))
        }
        expect([...open]).toEqual([])
      }),
    )
  })

  test('the same is found with restarts before any of it', () => {
    fc.assert(
      fc.property(
        stream,
        fc.array(fc.boolean(), { minLength: 80, maxLength: 80 }),
        (happenings, restarts) => {
          const until = lastOf(happenings) + 1000
          const found = watch(happenings, { rules, until, restartBefore: index => restarts[index]! })
          expect(found).toEqual(watch(happenings, { rules, until }))
        },
      ),
    )
  })

  test('the same is found however often somebody asks whether something is due', () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 29 }), (happenings, tickS) => {
        const until = lastOf(happenings) + 1000
        const sorted = (found: Finding[]) => found.filter(({ receivedAt }) => receivedAt < until)
        expect(sorted(watch(happenings, { rules, until, tickS }))).toEqual(sorted(watch(happenings, { rules, until, tickS: 10 }))) // biome-ignore format: one thing
      }),
    )
  })

  test('the same is found when the clock is set, an hour back or forth', () => {
    fc.assert(
      fc.property(stream, fc.nat(79), fc.constantFrom(-3600, 3600), (all, before, s) => {
        // A picture has the time that its passage had, by the clock as it was then.
        const happenings = all.filter(({ kind }) => kind !== 'sighting')
        const until = lastOf(happenings) + 1000
        const plain = (found: Finding[]) =>
          found.map(({ rule, kind, place, parts }) => ({ rule, kind, place, parts }))
        const found = watch(happenings, { rules, until, set: { before, s } })
        expect(plain(found)).toEqual(plain(watch(happenings, { rules, until })))
      }),
    )
  })

  test('what is late raises nothing', () => {
    fc.assert(
      fc.property(stream, happenings => {
        const late = happenings
          .filter(({ kind }) => kind !== 'gauge')
          .map(happening => ({ ...happening, skewed: false, late: true, ago: 400 }))
        const silent = { ...rules, 'device-offline': { enabled: false } }
        expect(watch(late, { rules: silent, until: lastOf(late) + 1000 })).toEqual([])
      }),
    )
  })
})
