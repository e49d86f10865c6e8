import { secondMs } from '../../../core/clock.ts'
import type { DataOf } from '../../../devices/contract/kinds.ts'
import { endBy, episodeDue, episodesOf, expireEpisode, raise, still } from '../episode.ts'
import { clearS, type ParametersOf, parametersOf } from '../parameters.ts'
import { defineRule, type Episode, type Signal } from '../rule.ts'

const parameters = parametersOf('critical', { clearS: clearS(30) })
type Parameters = ParametersOf<typeof parameters>

type Part = DataOf<'tamper'>['part']
interface PartState {
  readonly episode: Episode | null
  /** When the device last reported on this part, in listening time. */
  readonly last: number
}
type State = Readonly<Partial<Record<Part, PartState>>>

export const tamper = defineRule<State, Parameters>({
  name: 'tamper',
  scope: 'device',
  kinds: ['tamper'],
  title: { en: 'Tampering', zh: '设备被拆动' },
  about: {
    en: 'The device reports that a part of it is tampered with, each part apart. Over once it says that it has ended.',
    zh: '设备上报某部件被拆动，各部件分别提示。设备上报结束后解除。',
  },
  raised: {
    en: '{place}: the {part} of {device} is being tampered with.',
    zh: '{place}：{device}的{part}被拆动。',
  },
  advice: { en: 'Go and look.', zh: '请到现场查看。' },
  cleared: {
    en: '{place}: the {part} of {device} is no longer tampered with.',
    zh: '{place}：{device}的{part}拆动已结束。',
  },
  parameters,
  next(state = {}, record, { now, when, late }, p) {
    if (record.kind !== 'tamper') return still(state)
    const { part, active } = record.data
    const known = state[part] ?? { episode: null, last: 0 }
    if (when < known.last) return still(state)
    const withPart = (episode: Episode | null) => ({ ...state, [part]: { episode, last: when } })
    if (!active) return still(withPart(endBy(known.episode, now + p.clearS * secondMs)))
    if (late) return still(withPart(known.episode))
    const { episode, signals } = raise(known.episode, part, { at: record.at, now }, { part }, null)
    return { state: withPart(episode), signals }
  },
  expire(state, { now }) {
    const signals: Signal[] = []
    const next: Partial<Record<Part, PartState>> = {}
    for (const [part, known] of Object.entries(state) as [Part, PartState][]) {
      const over = expireEpisode(known.episode, now)
      next[part] = { ...known, episode: over.episode }
      signals.push(...over.signals)
    }
    return { state: next, signals }
  },
  due: state =>
    Object.values(state).reduce(
      (least, { episode }) => Math.min(least, episodeDue(episode)),
      Number.POSITIVE_INFINITY,
    ),
  episodes: state => Object.values(state).flatMap(({ episode }) => episodesOf(episode)),
})
