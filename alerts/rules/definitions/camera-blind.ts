import { secondMs } from '../../../core/clock.ts'
import { endBy, goOn, oneEpisode, raise, still } from '../episode.ts'
import { clearS, count, flag, type ParametersOf, parametersOf, seconds } from '../parameters.ts'
import { defineRule, type Episode } from '../rule.ts'

const parameters = parametersOf('warning', {
  pictures: count({ en: 'Faulty pictures in a row', zh: '连续异常图片数' }, 4, 1, 100),
  spanS: seconds({ en: 'From the first to the last of them at least', zh: '异常至少持续' }, 60, 0, 86_400),
  goodPictures: count({ en: 'Good pictures in a row that end it', zh: '连续正常图片数' }, 2, 1, 100),
  dark: flag({ en: 'Whether darkness counts: not at a door without a lamp', zh: '过暗是否计入（无灯的门可关闭）' }, true),
  clearS: clearS(60),
}) // biome-ignore format: a table
type Parameters = ParametersOf<typeof parameters>

const faults = ['covered', 'dark', 'bright', 'blurred', 'frozen'] as const

interface State {
  readonly episode: Episode | null
  /** Number of faulty pictures in a row, and of good ones. */
  readonly faulty: number
  readonly good: number
  /** When the row of faulty pictures began, and when its first picture was taken. */
  readonly since: number
  readonly sinceAt: number
  readonly last: number
}

const initial: State = { episode: null, faulty: 0, good: 0, since: 0, sinceAt: 0, last: 0 }

export const cameraBlind = defineRule<State, Parameters>({
  name: 'camera-blind',
  scope: 'device',
  kinds: ['sighting'],
  title: { en: 'Camera blind', zh: '摄像头失效' },
  about: {
    en: 'Several pictures in a row, over some time, are dark, blinded, covered, blurred or frozen. Told once, however long it lasts. Over after good pictures in a row.',
    zh: '一段时间内连续多张图片过暗、过曝、被遮挡、模糊或静止。无论持续多久只提示一次，连续出现正常图片后解除。',
  },
  raised: {
    en: '{place}: the camera of {device} is {fault}, {pictures} pictures in a row.',
    zh: '{place}：{device}的摄像头{fault}，已连续{pictures}张。',
  },
  advice: { en: 'Look at its lens and its light.', zh: '请检查镜头和照明。' },
  cleared: { en: '{place}: the camera of {device} sees again.', zh: '{place}：{device}的摄像头已恢复。' },
  parameters,
  next(state = initial, record, { now, when, late }, p) {
    if (record.kind !== 'sighting' || record.data.outcome !== 'seen') return still(state)
    if (late || when <= state.last) return still(state)
    const { data } = record
    const fault = faults.find(name => data[name] === true && (name !== 'dark' || p.dark))
    if (fault === undefined) {
      const good = state.good + 1
      // One good picture among faulty ones ends the row, but not the alert.
      const ends = good >= p.goodPictures
      const episode = ends ? endBy(state.episode, now + p.clearS * secondMs) : state.episode
      return still({ ...state, episode, good, faulty: 0, last: when })
    }
    const first = state.faulty === 0
    const since = first ? when : state.since
    const sinceAt = first ? record.at : state.sinceAt
    const next = { ...state, since, sinceAt, last: when, good: 0, faulty: state.faulty + 1 }
    if (state.episode !== null) return still({ ...next, episode: goOn(state.episode) })
    if (next.faulty < p.pictures || when - since < p.spanS * secondMs) return still(next)
    const { episode, signals } = raise(
      null,
      'camera',
      { at: sinceAt, now },
      { fault, pictures: next.faulty },
      null,
    )
    return { state: { ...next, episode }, signals }
  },
  ...oneEpisode,
})
