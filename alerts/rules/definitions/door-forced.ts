import { secondMs } from '../../../core/clock.ts'
import { endBy, episodeDue, episodesOf, expireEpisode, raise, still } from '../episode.ts'
import { clearS, count, type ParametersOf, parametersOf, seconds, share } from '../parameters.ts'
import { wasGranted } from '../passages.ts'
import { defineRule, type Episode, type Moment, type Step } from '../rule.ts'

const parameters = parametersOf('critical', {
  beforeS: seconds(
    { en: 'A passage so long before explains an opening', zh: '开门前多久内的通行可解释开门' }, 15, 1, 300,
  ),
  settleS: seconds({ en: 'Wait so long for a passage that comes after it', zh: '等待后到的通行记录' }, 3, 1, 60),
  learnOpenings: count(
    { en: 'Openings seen before unexplained ones count', zh: '学习多少次开门后才推断' }, 20, 1, 400,
  ),
  explainedShare: share(
    { en: 'Of these, explained at least; else this door does not report its exits', zh: '其中有通行记录的最低比例' },
    0.95, 0, 1,
  ),
  lapseS: seconds({ en: 'Not closed for so long, it is told no longer', zh: '一直未关门时多久后不再提示' }, 43_200, 60, 604_800),
  clearS: clearS(60),
}) // biome-ignore format: a table
type Parameters = ParametersOf<typeof parameters>

interface State {
  readonly episode: Episode | null
  /** An opening without an explanation so far. */
  readonly pending: { readonly at: number; readonly when: number; readonly due: number } | null
  readonly explained: number
  readonly unexplained: number
  /** When it was last closed and when it last reported open, in listening time. */
  readonly closed: number
  readonly opened: number
  /** When it last reported being forced: repeating the same report is ignored. */
  readonly forced: number
}

const initial: State = {
  episode: null,
  pending: null,
  explained: 0,
  unexplained: 0,
  closed: 0,
  opened: 0,
  forced: 0,
}
/** About how many openings are remembered: a door's behaviour may change. */
const memory = 400

function counted(state: State, isExplained: boolean): State {
  const half = state.explained + state.unexplained < memory ? 1 : 0.5
  const explained = state.explained * half + (isExplained ? 1 : 0)
  return { ...state, explained, unexplained: state.unexplained * half + (isExplained ? 0 : 1) }
}

/** A door with a key, or with an exit button that reports nothing, opens without explanation all day. There an opening proves nothing. */
const reportsPassages = ({ explained, unexplained }: State, p: Parameters) =>
  explained + unexplained >= p.learnOpenings && explained >= p.explainedShare * (explained + unexplained)

function begin(state: State, at: number, when: number, how: string, now: number, p: Parameters): Step<State> {
  // It may already be known that the door was closed again.
  const afterMs = (state.closed > when ? p.clearS : p.lapseS) * secondMs
  const { episode, signals } = raise(state.episode, how, { at, now }, { how }, now + afterMs)
  return { state: { ...state, episode }, signals }
}

const explains = (p: Parameters, opened: number, { passages }: Moment) =>
  wasGranted(passages, opened - p.beforeS * secondMs, opened + p.settleS * secondMs)

/** The door repeats that it is open. A door that never reports being closed is different: each report is an opening. */
const wasOpen = ({ closed, opened }: State, when: number, { lapseS }: Parameters) =>
  closed > 0 && opened > closed && when - opened < lapseS * secondMs

export const doorForced = defineRule<State, Parameters>({
  name: 'door-forced',
  scope: 'point',
  kinds: ['door', 'passage'],
  title: { en: 'Door forced', zh: '门被强行打开' },
  about: {
    en: 'The door reports it, or opens with no granted passage, exit button or remote opening just before, where nearly every opening has one. Over once the door is closed.',
    zh: '门禁上报被强开；或在几乎每次开门都有通行记录的门上，开门前没有放行、出门按钮或远程开门。关门后解除。',
  },
  raised: {
    en: '{place}: the door was forced ({how}).',
    zh: '{place}：门被强行打开（{how}）。',
  },
  advice: { en: 'See whether it is shut and unharmed.', zh: '请查看门是否已关好、有无损坏。' },
  cleared: { en: '{place}: the door that was forced is closed.', zh: '{place}：被强开的门已关闭。' },
  parameters,
  next(state = initial, record, moment, p) {
    const { now, when, late } = moment
    const { pending } = state
    if (record.kind === 'passage') {
      if (pending === null || !explains(p, pending.when, moment)) return still(state)
      return still({ ...counted(state, true), pending: null })
    }
    if (record.kind !== 'door') return still(state)
    const known = record.data.state
    if (known === 'closed') {
      if (when < state.closed) return still(state)
      const episode = endBy(state.episode, now + p.clearS * secondMs)
      return still({ ...state, closed: when, episode })
    }
    if (late) return still(state)
    if (known === 'forced') {
      if (when <= state.forced) return still(state)
      return begin({ ...state, forced: when, pending: null }, record.at, when, 'reported', now, p)
    }
    if (known !== 'open' || when < state.closed) return still(state)
    const opened = { ...state, opened: Math.max(state.opened, when) }
    if (explains(p, when, moment)) return still(counted(opened, true))
    if (pending !== null || wasOpen(state, when, p)) return still(opened)
    return still({ ...opened, pending: { at: record.at, when, due: now + p.settleS * secondMs } })
  },
  expire(state, { now }, p) {
    const { pending } = state
    if (pending !== null && pending.due <= now) {
      const settled = counted({ ...state, pending: null }, false)
      return reportsPassages(state, p)
        ? begin(settled, pending.at, pending.when, 'unexplained', now, p)
        : still(settled)
    }
    const { episode, signals } = expireEpisode(state.episode, now)
    return { state: { ...state, episode }, signals }
  },
  due: ({ pending, episode }) => Math.min(pending?.due ?? Number.POSITIVE_INFINITY, episodeDue(episode)),
  episodes: ({ episode }) => episodesOf(episode),
})
