import { secondMs } from '../../../core/clock.ts'
import { eventTypes } from '../../../devices/contract/kinds.ts'
import { oneEpisode, raise, still } from '../episode.ts'
import { clearS, count, type ParametersOf, parametersOf } from '../parameters.ts'
import { defineRule, type Episode } from '../rule.ts'

const parameters = parametersOf('notice', {
  events: count({ en: 'So many such events', zh: '重复编号的事件数' }, 1, 1, 1000),
  clearS: clearS(3600),
}) // biome-ignore format: a table
type Parameters = ParametersOf<typeof parameters>

interface State {
  readonly episode: Episode | null
  /** Number of such events since the alert last ended. */
  readonly events: number
}

const initial: State = { episode: null, events: 0 }

export const idsReused = defineRule<State, Parameters>({
  name: 'ids-reused',
  scope: 'device',
  kinds: eventTypes,
  title: { en: 'Event ids used again', zh: '事件编号重复' },
  about: {
    en: 'A device gives events ids that it has used for others, as after a restart of its counter. They are stored as the events that they are; pictures of them are not. Over when there was none for a while.',
    zh: '设备的事件使用了以前用过的编号，例如计数器重启后。事件照常保存，其图片无法保存。一段时间内未再出现后解除。',
  },
  raised: {
    en: '{place}: {device} uses ids of events again.',
    zh: '{place}：{device}重复使用事件编号。',
  },
  advice: {
    en: 'Have its firmware give each event an id of its own.',
    zh: '请让固件为每个事件使用唯一编号。',
  },
  cleared: {
    en: '{place}: {device} uses ids of events once.',
    zh: '{place}：{device}的事件编号已恢复唯一。',
  },
  parameters,
  next(state = initial, record, { now }, p) {
    if (record.kind === 'gauge' || record.reused !== true) return still(state)
    const events = state.events + 1
    if (events < p.events) return still({ ...state, events })
    const clearAt = now + p.clearS * secondMs
    const { episode, signals } = raise(state.episode, 'ids', { at: record.at, now }, {}, clearAt)
    return { state: { episode, events: 0 }, signals }
  },
  ...oneEpisode,
})
