import { minuteMs, secondMs } from '../../../core/clock.ts'
import { eventTypes } from '../../../devices/contract/kinds.ts'
import { endBy, goOn, oneEpisode, raise, still } from '../episode.ts'
import { clearS, count, type ParametersOf, parametersOf } from '../parameters.ts'
import { defineRule, type Episode } from '../rule.ts'

const parameters = parametersOf('notice', {
  events: count({ en: 'Events with a wrong time in a row', zh: '连续时间错误的事件数' }, 3, 1, 1000),
  goodEvents: count({ en: 'Events with a right time in a row that end it', zh: '连续时间正确的事件数' }, 3, 1, 1000),
  clearS: clearS(60),
}) // biome-ignore format: a table
type Parameters = ParametersOf<typeof parameters>

interface State {
  readonly episode: Episode | null
  /** Number of events in a row with a wrong time, and with a right one. */
  readonly wrong: number
  readonly right: number
}

/** An event this old does not raise the alert: the clock may be right by now. */
const longAgoMs = 5 * minuteMs

const initial: State = { episode: null, wrong: 0, right: 0 }

export const clockSkew = defineRule<State, Parameters>({
  name: 'clock-skew',
  scope: 'device',
  kinds: eventTypes,
  title: { en: 'Clock wrong', zh: '设备时钟错误' },
  about: {
    en: 'What a device sends live is more than 2 minutes ahead, or behind by as much each time, several events in a row; their times are corrected. Over after right ones in a row.',
    zh: '设备实时上报的事件连续多条超前 2 分钟以上，或每次落后相同时长，时间已校正。连续正确后解除。',
  },
  raised: {
    en: '{place}: the clock of {device} is wrong.',
    zh: '{place}：{device}的时钟错误。',
  },
  advice: { en: 'Set it, or let it ask for the time.', zh: '请校准或开启对时。' },
  cleared: {
    en: '{place}: the clock of {device} is right again.',
    zh: '{place}：{device}的时钟已恢复正常。',
  },
  parameters,
  next(state = initial, record, { now, when, late }, p) {
    if (record.kind === 'gauge') return still(state)
    if (record.skewed) {
      const wrong = state.wrong + 1
      const next = { ...state, wrong, right: 0 }
      if (state.episode !== null) return still({ ...next, episode: goOn(state.episode) })
      if (now - when > longAgoMs || wrong < p.events) return still(next)
      const { episode, signals } = raise(null, 'clock', { at: record.at, now }, {}, null)
      return { state: { ...next, episode }, signals }
    }
    if (late) return still(state)
    const right = state.right + 1
    const ends = right >= p.goodEvents
    const episode = ends ? endBy(state.episode, now + p.clearS * secondMs) : state.episode
    return still({ episode, right: Math.min(right, p.goodEvents), wrong: 0 })
  },
  ...oneEpisode,
})
