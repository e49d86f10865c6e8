import { expect, test, vi } from 'vitest'
import { createDetector } from '../../../alerts/detect/detector.ts'
import type { Finding } from '../../../alerts/rules/rule.ts'
import { parseRules } from '../../../alerts/rules/rule-settings.ts'
import { planTown } from '../../../devices/town/plan.ts'
import { seededRandom } from '../../support/random.ts'
import { give, start, status } from '../rules/watch.ts'
import { pass, people, programs, recorder, settingsOf, simulateTime, startDesk } from './support.ts'

/** Every door goes within `goneS`, stays away for `awayS`, is back within `backS`: three times in ten minutes. */
interface Storm {
  readonly title: string
  readonly goneS: number
  readonly awayS: number
  readonly backS: number
  readonly isMixed: boolean
}

function found({ goneS, awayS, backS, isMixed }: Storm): Finding[] {
  const detector = createDetector({ settings: parseRules() })
  const random = seededRandom(7)
  const town = planTown({ seed: 7, sites: 40, buildingsPerSite: 20, doorsPerBuilding: 3, checkpoints: 0 })
  const happenings = town.flatMap(({ device, site, building, point, zone }, n) => {
    const place = { id: n + 1, site, building, point, zone }
    const tell = (s: number, state: 'online' | 'offline') => status(s, state, { device, place })
    const at = (spreadS: number) => spreadS * (isMixed ? random() : n / town.length)
    const waves = [60, 260, 460].flatMap(s => [
      tell(s + at(goneS), 'offline'),
      tell(s + awayS + at(backS), 'online'),
    ])
    return [tell(at(20), 'online'), ...waves]
  })
  const findings: Finding[] = []
  let second = 0
  for (const [n, happening] of happenings.sort((a, b) => a.s - b.s).entries()) {
    for (; second < happening.s; second++) findings.push(...detector.tick(start + second * 1000))
    findings.push(...give(detector, happening, n + 1))
  }
  for (; second < 3000; second++) findings.push(...detector.tick(start + second * 1000))
  return findings
}

const storms: Storm[] = [
  { title: 'site after site', goneS: 24, awayS: 100, backS: 24, isMixed: false },
  { title: 'here and there, as keep-alives run out', goneS: 40, awayS: 100, backS: 60, isMixed: true },
  { title: 'all at once', goneS: 1, awayS: 90, backS: 90, isMixed: true },
] // biome-ignore format: a table
for (const storm of storms) {
  const findings = found(storm)
  for (const [readers, pace] of [
    ['people', people],
    ['programs', programs],
  ] as const) {
    test(`2,400 doors that go three times, ${storm.title}, are three messages at most for ${readers}`, async () => {
      simulateTime()
      vi.setSystemTime(start)
      const { channel, sent, told } = recorder()
      const { find } = await startDesk([settingsOf('duty', channel, { pace })])
      for (const finding of findings) {
        await pass(Math.max(0, finding.receivedAt - Date.now()))
        await find(finding)
      }
      await pass(3_600_000)
      expect(sent.length).toBeLessThanOrEqual(3)
      const lines = told().flat()
      expect(lines).toHaveLength(80)
      expect(new Set(lines).size).toBe(80)
    })
  }
}
