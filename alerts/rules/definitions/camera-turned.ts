import { secondMs } from '../../../core/clock.ts'
import { turnCodes } from '../../../core/turn.ts'
import { endBy, goOn, oneEpisode, raise, still } from '../episode.ts'
import { clearS, count, type ParametersOf, parametersOf } from '../parameters.ts'
import { defineRule, type Episode } from '../rule.ts'

const parameters = parametersOf('notice', {
  goodPictures: count({ en: 'Pictures in a row without the hint that end it', zh: '连续多少张图片无此提示后结束' }, 3, 1, 100),
  clearS: clearS(60),
}) // biome-ignore format: a table
type Parameters = ParametersOf<typeof parameters>

const turnOfCode = new Map<string, string>(Object.entries(turnCodes).map(([turn, code]) => [code, turn]))

interface State {
  readonly episode: Episode | null
  readonly good: number
  readonly last: number
}

const initial: State = { episode: null, good: 0, last: 0 }

export const cameraTurned = defineRule<State, Parameters>({
  name: 'camera-turned',
  scope: 'device',
  kinds: ['sighting'],
  title: { en: 'Camera mounted turned', zh: '摄像头安装方向不对' },
  about: {
    en: 'The pictures of a camera show clearly more people and vehicles when they are turned. Nothing is turned by itself. Over once the turn of the device is set, or the pictures show as much as they are.',
    zh: '摄像头的图片旋转后能识别出明显更多的人和车辆。系统不会自动旋转。设置该设备的旋转角度，或图片恢复正常后解除。',
  },
  raised: {
    en: '{place}: the camera of {device} seems to be mounted turned.',
    zh: '{place}：{device}的摄像头可能安装方向不对。',
  },
  advice: {
    en: 'Look at a picture; where people lie on their side or upside down, set its turn as lintel device show says.',
    zh: '请查看图片；如画面中的人横卧或倒立，请按 lintel device show 的提示设置旋转。',
  },
  cleared: {
    en: '{place}: the pictures of {device} are upright.',
    zh: '{place}：{device}的图片方向已正常。',
  },
  parameters,
  next(state = initial, record, { now, when, late }, p) {
    if (record.kind !== 'sighting' || record.data.outcome !== 'seen') return still(state)
    if (late || when <= state.last) return still(state)
    const turned = turnOfCode.get(record.data.reason ?? '')
    if (turned === undefined) {
      const good = state.good + 1
      const ends = good >= p.goodPictures
      const episode = ends ? endBy(state.episode, now + p.clearS * secondMs) : state.episode
      return still({ episode, good, last: when })
    }
    if (state.episode !== null) return still({ episode: goOn(state.episode), good: 0, last: when })
    const { episode, signals } = raise(null, 'turn', { at: record.at, now }, { turned }, null)
    return { state: { episode, good: 0, last: when }, signals }
  },
  ...oneEpisode,
})
