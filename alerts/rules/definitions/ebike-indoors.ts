import { secondMs } from '../../../core/clock.ts'
import { episodeDue, episodesOf, expireEpisode, raise, still } from '../episode.ts'
import { clearS, type ParametersOf, parametersOf, seconds, share } from '../parameters.ts'
import { isEntry } from '../passages.ts'
import { defineRule, type Episode, type Moment, type Step } from '../rule.ts'
import { countSure } from '../sighted.ts'

const parameters = parametersOf('warning', {
  score: share({ en: 'How sure the model must be', zh: '最低置信度' }, 0.5, 0, 1),
  settleS: seconds(
    { en: 'Wait so long for a passage that comes after its picture', zh: '等待后到的通行记录' }, 5, 1, 60,
  ),
  clearS: clearS(300),
}) // biome-ignore format: a table
type Parameters = ParametersOf<typeof parameters>

interface Picture {
  readonly at: number
  readonly bikes: number
  readonly due: number
}
interface State {
  readonly episode: Episode | null
  /** Pictures whose passage is not known yet. */
  readonly pictures: readonly Picture[]
}

const initial: State = { episode: null, pictures: [] }
const maxPictures = 8

function found(state: State, { at, bikes }: Picture, { now }: Moment, p: Parameters): Step<State> {
  const { episode, signals } = raise(
    state.episode,
    'picture',
    { at, now },
    { bikes },
    now + p.clearS * secondMs,
  )
  return { state: { ...state, episode }, signals }
}

export const ebikeIndoors = defineRule<State, Parameters>({
  name: 'ebike-indoors',
  scope: 'point',
  kinds: ['sighting'],
  title: { en: 'E-bike taken indoors', zh: '电动车进楼' },
  about: {
    en: 'The picture of somebody being let in shows a bicycle or a motorcycle; which of them is electric a picture does not tell. Told once until there was none for a while.',
    zh: '放行进入时的抓拍中有自行车或摩托车（图片无法区分是否为电动）。一段时间内只提示一次。',
  },
  raised: {
    en: '{place}: a bicycle or motorcycle was taken in ({bikes} in the picture). Batteries indoors are a fire risk.',
    zh: '{place}：有自行车或摩托车被推入楼内（画面中{bikes}辆）。电池入楼有火灾隐患。',
  },
  advice: { en: 'Look at the picture, and have it taken out.', zh: '请查看画面，并劝离车辆。' },
  cleared: {
    en: '{place}: no bicycle or motorcycle has been taken in lately.',
    zh: '{place}：近期未再发现车辆进楼。',
  },
  parameters,
  next(state = initial, record, moment, p) {
    if (record.kind !== 'sighting' || moment.late || record.data.outcome !== 'seen') return still(state)
    const bikes = countSure(record.data, 'bicycle', p.score) + countSure(record.data, 'motorcycle', p.score)
    if (bikes === 0) return still(state)
    const picture = { at: record.at, bikes, due: moment.now + p.settleS * secondMs }
    if (isEntry(moment.passages, record.at)) return found(state, picture, moment, p)
    return still({ ...state, pictures: [...state.pictures, picture].slice(-maxPictures) })
  },
  expire(state, moment, p) {
    const { now, passages } = moment
    const over = expireEpisode(state.episode, now)
    let step: Step<State> = {
      state: { episode: over.episode, pictures: state.pictures.filter(({ due }) => due > now) },
      signals: over.signals,
    }
    for (const picture of state.pictures) {
      if (picture.due > now || !isEntry(passages, picture.at)) continue
      const { state, signals } = found(step.state, picture, moment, p)
      step = { state, signals: [...step.signals, ...signals] }
    }
    return step
  },
  due: ({ pictures, episode }) =>
    pictures.reduce((least, { due }) => Math.min(least, due), episodeDue(episode)),
  episodes: ({ episode }) => episodesOf(episode),
})
