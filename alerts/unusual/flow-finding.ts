import { hourMs } from '../../core/clock.ts'
import type { LocalSlot } from '../calendar/day.ts'
import { flowRules } from '../rules/flow-rules.ts'
import type { Ending, Finding } from '../rules/rule.ts'
import type { RuleSettings } from '../rules/rule-settings.ts'
import type { Episode } from './detector/episode.ts'
import type { FlowFinding, FlowSide } from './detector/state.ts'
import { directionOf, placeOf } from './flow-place.ts'

export type FlowRuleName = FlowFinding['rule']

export const ruleOf = (name: FlowRuleName) => flowRules[sideOf(name)]
export const sideOf = (name: FlowRuleName): FlowSide => (name === 'flow-high' ? 'high' : 'low')

/** The finding for an episode of a series. Times are by the wall clock, with dates if it lasted longer than 20 hours. */
export function findingOf(
  {
    series,
    rule,
    episode,
    ending,
  }: { series: string; rule: FlowRuleName; episode: Episode; ending?: Ending },
  receivedAt: number,
  settings: RuleSettings,
  slotAt: (at: number) => LocalSlot,
): Finding {
  const place = placeOf(series)
  const direction = directionOf(series)
  const isLong = episode.end - episode.begin > 20 * hourMs
  return {
    rule,
    kind: ending === undefined ? 'raised' : 'cleared',
    severity: settings.of(ruleOf(rule), place).severity,
    place,
    cause: `${direction}@${episode.begin}`,
    occurredAt: episode.begin,
    receivedAt,
    parts: {
      direction,
      actual: episode.actual,
      expected: Math.max(0, Math.round(episode.expected)),
      from: timeOf(slotAt(episode.begin), isLong),
      to: timeOf(slotAt(episode.end), isLong),
    },
    ...(ending === undefined ? {} : { ending }),
  }
}

function timeOf({ date, minute }: LocalSlot, withDay: boolean): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const time = `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
  return withDay ? `${date.slice(5)} ${time}` : time
}
