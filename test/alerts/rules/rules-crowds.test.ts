import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCrowds, linkOf, linkParametersOf } from '../../../alerts/detect/crowds.ts'
import type { SavedUnit } from '../../../alerts/detect/unit.ts'
import { createUnits, type Units } from '../../../alerts/detect/units.ts'
import {
  type DeviceState,
  deviceOffline,
  missingAfter,
} from '../../../alerts/rules/definitions/device-offline.ts'
import { createRuleBook } from '../../../alerts/rules/rule-book.ts'
import { hourMs, minuteMs } from '../../../core/clock.ts'
import { createMemoryState } from '../../../core/state/memory-state.ts'

const start = Date.UTC(2026, 10, 21, 8, 0)
const device = (id: number): SavedUnit => ({
  scope: 'device',
  place: { site: 'nanshe', building: 'b01', point: `p${id}`, device: `d${id}` },
  states: {},
})
const heard = (now: number, away: boolean, pause: number): DeviceState => ({
  episode: null,
  since: start - 100 * hourMs,
  heard: now,
  heardAt: now,
  pause,
  word: now,
  away: away ? { at: now, by: 'will', judgeAt: null } : null,
  silences: 0,
})

function countedAnew(units: Units, now: number) {
  const links = [...units.devicesOf('nanshe')].filter(unit => linkOf(unit) !== undefined)
  const missing = links.filter(unit => now > missingAfter(linkOf(unit)!, linkParametersOf(unit)))
  return { known: links.length, missing: missing.length }
}

const id = fc.nat(7)
const step = fc.oneof(
  fc.record({ does: fc.constant('hear' as const), id, away: fc.boolean(), pauseMin: fc.nat(30) }),
  fc.record({ does: fc.constant('remove' as const), id }),
  fc.record({ does: fc.constant('forget' as const), id }),
  fc.record({ does: fc.constant('wait' as const), minutes: fc.integer({ min: -5, max: 40 }) }),
  fc.constant({ does: 'set rules' as const }),
)

test('a crowd that is followed is the crowd that is counted anew', () => {
  const { settings } = createRuleBook(createMemoryState()).current()
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const units = createUnits([], settings, 100)
      const crowds = createCrowds(units)
      let now = start
      for (const one of steps) {
        if (one.does === 'wait') now += one.minutes * minuteMs
        else if (one.does === 'set rules') units.setSettings(settings)
        else {
          const key = `device/d${one.id}`
          const known = units.get(key)
          const unit = one.does === 'hear' ? (known ?? units.add(key, device(one.id))) : known
          if (unit === undefined) continue
          if (one.does === 'hear')
            unit.states.set(deviceOffline, heard(now, one.away, one.pauseMin * minuteMs))
          else if (one.does === 'remove') units.remove(unit)
          else unit.states.delete(deviceOffline)
          units.touched(unit)
        }
        expect(crowds.of('nanshe', now)).toEqual(countedAnew(units, now))
      }
    }),
  )
})
