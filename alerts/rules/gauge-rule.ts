import { secondMs } from '../../core/clock.ts'
import { endBy, episodeDue, episodesOf, expireEpisode, goOn, raise, still } from './episode.ts'
import type { GaugeName } from './gauge.ts'
import type { ParametersOf, parametersOf } from './parameters.ts'
import { defineRule, type Episode, type Rule } from './rule.ts'

interface State {
  readonly episode: Episode | null
  /** Since when it is beyond the bound, in epoch ms; when that is due to be told, in listening time; and the latest value. */
  readonly beyond: { readonly at: number; readonly due: number; readonly value: number } | null
}
export interface GaugeParameters extends ParametersOf<ReturnType<typeof parametersOf>> {
  /** An alert begins beyond `bad` and ends on the near side of `good`: in between nothing changes. */
  readonly bad: number
  readonly good: number
  readonly forS: number
  readonly clearS: number
}

type Words = Pick<Rule, 'name' | 'title' | 'about' | 'raised' | 'advice' | 'cleared' | 'parameters'>

/** A rule for a gauge that is bad when it is too `high` or too `low` for a while. */
export function gaugeRule(gauge: GaugeName, side: 'high' | 'low', words: Words): Rule {
  const beyond = (value: number, bound: number) => (side === 'high' ? value >= bound : value <= bound)
  return defineRule<State, GaugeParameters>({
    ...words,
    scope: 'service',
    kinds: ['gauge'],
    next(state = { episode: null, beyond: null }, record, { now }, p) {
      if (record.kind !== 'gauge' || record.gauge !== gauge) return still(state)
      const { value, at } = record
      if (beyond(value, p.bad)) {
        if (state.episode !== null) return still({ ...state, episode: goOn(state.episode) })
        const since = state.beyond ?? { at, due: now + p.forS * secondMs }
        return still({ ...state, beyond: { ...since, value } })
      }
      const episode = beyond(value, p.good)
        ? goOn(state.episode)
        : endBy(state.episode, now + p.clearS * secondMs)
      return still({ episode, beyond: null })
    },
    expire(state, { now }) {
      if (state.beyond !== null && state.beyond.due <= now) {
        const { at, value } = state.beyond
        const { episode, signals } = raise(state.episode, gauge, { at, now }, { value }, null)
        return { state: { episode, beyond: null }, signals }
      }
      const { episode, signals } = expireEpisode(state.episode, now)
      return { state: { ...state, episode }, signals }
    },
    due: ({ episode, beyond }) => Math.min(beyond?.due ?? Number.POSITIVE_INFINITY, episodeDue(episode)),
    episodes: ({ episode }) => episodesOf(episode),
  })
}
