import { secondMs } from '../../../core/clock.ts'
import { endBy, expireEpisode, oneEpisode, raise, still } from '../episode.ts'
import { clearS, count, type ParametersOf, parametersOf, seconds } from '../parameters.ts'
import { defineRule, type Episode } from '../rule.ts'

const parameters = parametersOf('warning', {
  denials: count({ en: 'So many denials', zh: '拒绝次数' }, 5, 2, 50),
  windowS: seconds({ en: 'Within so long', zh: '时间窗' }, 120, 10, 3600),
  clearS: clearS(300),
}) // biome-ignore format: a table
type Parameters = ParametersOf<typeof parameters>

interface State {
  readonly episode: Episode | null
  /** Times of the latest denials, in listening time, oldest first. */
  readonly denied: readonly number[]
}

const initial: State = { episode: null, denied: [] }

export const deniedBurst = defineRule<State, Parameters>({
  name: 'denied-burst',
  scope: 'point',
  kinds: ['passage'],
  title: { en: 'Many denied', zh: '连续拒绝' },
  about: {
    en: 'Many passages denied at a door within a short time; a call that nobody answered is none. Over once there were fewer than half as many for a while.',
    zh: '同一门短时间内多次被拒绝通行，呼叫无人应答不计。一段时间内降到一半以下后解除。',
  },
  raised: {
    en: '{place}: {denials} times denied within {windowS|duration}. Somebody may need help, or try what is not theirs.',
    zh: '{place}：{windowS|duration}内被拒绝{denials}次。可能有人需要帮助，或在尝试非法进入。',
  },
  advice: { en: 'Look who needs help at the door.', zh: '请到现场查看。' },
  cleared: { en: '{place}: no more denied than usual.', zh: '{place}：拒绝次数已恢复正常。' },
  parameters,
  next(state = initial, record, { now, when, late }, p) {
    if (record.kind !== 'passage' || late) return still(state)
    const { result, reason } = record.data
    if (result !== 'denied' || reason === 'no-answer') return still(state)
    const sorted = [...state.denied, when].sort((a, b) => a - b)
    const from = sorted.at(-1)! - p.windowS * secondMs
    const denied = sorted.filter(time => time >= from).slice(-p.denials)
    const clearAt = now + p.clearS * secondMs
    if (denied.length >= p.denials) {
      const parts = { denials: p.denials, windowS: p.windowS }
      const { episode, signals } = raise(state.episode, 'denied', { at: record.at, now }, parts, clearAt)
      return { state: { episode, denied }, signals }
    }
    const goesOn = state.episode !== null && denied.length >= p.denials / 2
    return still({ denied, episode: goesOn ? { ...state.episode, clearAt } : endBy(state.episode, clearAt) })
  },
  ...oneEpisode,
  expire(state, { now }) {
    const { episode, signals } = expireEpisode(state.episode, now)
    // A new burst starts without the denials of the old one.
    return { state: episode === null ? initial : state, signals }
  },
})
