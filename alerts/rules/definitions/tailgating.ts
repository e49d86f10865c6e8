import { secondMs } from '../../../core/clock.ts'
import { episodeDue, episodesOf, expireEpisode, raise, still } from '../episode.ts'
import { clearS, count, type ParametersOf, parametersOf, seconds, share } from '../parameters.ts'
import { isEntry } from '../passages.ts'
import { defineRule, type Episode } from '../rule.ts'
import { countSure } from '../sighted.ts'

const parameters = parametersOf('notice', {
  extra: count({ en: 'More people than were let in, by so many', zh: '人数比放行多出' }, 1, 1, 50),
  windowS: seconds(
    { en: 'Passages so long before and after the picture count', zh: '抓拍前后多久内的放行计入' }, 10, 1, 60,
  ),
  score: share({ en: 'How sure the model must be of a person', zh: '识别为人的最低置信度' }, 0.5, 0, 1),
  clearS: clearS(600),
}) // biome-ignore format: a table
type Parameters = ParametersOf<typeof parameters>

/** A picture that waits until those who follow with a card of their own are known, too. */
interface Picture {
  readonly at: number
  readonly when: number
  readonly people: number
  readonly due: number
}
interface State {
  readonly episode: Episode | null
  readonly pictures: readonly Picture[]
}

const initial: State = { episode: null, pictures: [] }
const maxPictures = 8

export const tailgating = defineRule<State, Parameters>({
  name: 'tailgating',
  scope: 'point',
  kinds: ['sighting'],
  title: { en: 'Tailgating, a hint', zh: '疑似尾随' },
  about: {
    en: 'The picture of somebody being let in shows more people than were let in around then. A hint: who stands by counts, too. Told once until there was none for a while.',
    zh: '放行进入时的抓拍中，人数多于前后放行的人数。仅供参考：站在旁边的人也会计入。一段时间内只提示一次。',
  },
  raised: {
    en: '{place}: {people} people in the picture, {granted} let in. Perhaps somebody followed.',
    zh: '{place}：画面中有{people}人，放行{granted}人，可能有人尾随。',
  },
  advice: { en: 'Look at the picture, and ask who followed.', zh: '请查看画面，并询问尾随的人。' },
  cleared: { en: '{place}: nobody has followed lately.', zh: '{place}：近期未再发现尾随。' },
  parameters,
  next(state = initial, record, { now, when, late }, p) {
    if (record.kind !== 'sighting' || late || record.data.outcome !== 'seen') return still(state)
    const people = countSure(record.data, 'person', p.score)
    if (people <= p.extra) return still(state)
    const due = now + Math.max(0, p.windowS * secondMs - (now - when))
    const pictures = [...state.pictures, { at: record.at, when, people, due }].slice(-maxPictures)
    return still({ ...state, pictures })
  },
  expire(state, { now, passages }, p) {
    const windowMs = p.windowS * secondMs
    let { episode, signals } = expireEpisode(state.episode, now)
    for (const { at, when, people, due } of state.pictures) {
      if (due > now || !isEntry(passages, at)) continue
      const granted = passages.filter(
        passage => passage.granted && passage.direction === 'in' && Math.abs(passage.when - when) <= windowMs,
      ).length
      if (people < granted + p.extra) continue
      const found = raise(episode, 'picture', { at, now }, { people, granted }, now + p.clearS * secondMs)
      episode = found.episode
      signals = [...signals, ...found.signals]
    }
    return { state: { episode, pictures: state.pictures.filter(({ due }) => due > now) }, signals }
  },
  due: ({ pictures, episode }) =>
    pictures.reduce((least, { due }) => Math.min(least, due), episodeDue(episode)),
  episodes: ({ episode }) => episodesOf(episode),
})
