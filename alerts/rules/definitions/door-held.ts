import { secondMs } from '../../../core/clock.ts'
import { endBy, episodeDue, episodesOf, expireEpisode, raise, still } from '../episode.ts'
import { clearS, type ParametersOf, parametersOf, seconds } from '../parameters.ts'
import { defineRule, type Episode } from '../rule.ts'

const parameters = parametersOf('warning', {
  heldS: seconds({ en: 'Open for so long, it is held', zh: '开门多久算常开' }, 90, 5, 86_400),
  lapseS: seconds(
    { en: 'Not closed for so long, it is told no longer', zh: '一直未关门时多久后不再提示' }, 43_200, 60, 604_800,
  ),
  clearS: clearS(20),
}) // biome-ignore format: a table
type Parameters = ParametersOf<typeof parameters>

interface State {
  readonly episode: Episode | null
  /** The door is open as far as is known, and when that becomes too long; null once it was told. */
  readonly open: { readonly at: number; readonly due: number | null } | null
  /** When the door last reported anything, in listening time. */
  readonly last: number
}

/** An opening that arrives later than this was delayed on its way, so later events may follow right behind. */
const promptMs = 5 * secondMs
const settleMs = 10 * secondMs

const initial: State = { episode: null, open: null, last: 0 }

/** A door that reports open again is still open: this extends the alert by `lapseS`. */
const stillHeld = ({ open, episode }: State, now: number, { lapseS }: Parameters): Episode | null =>
  episode !== null && open?.due === null ? { ...episode, clearAt: now + lapseS * secondMs } : episode

export const doorHeld = defineRule<State, Parameters>({
  name: 'door-held',
  scope: 'point',
  kinds: ['door', 'status'],
  title: { en: 'Door held open', zh: '门未关' },
  about: {
    en: 'The door reports that it is held, or opens and is not closed in time. What it did while its device was away is not guessed. Reported as open again, it is open still. Over once it is closed.',
    zh: '门禁上报门未关，或开门后未及时关闭。设备离线期间不作推断。重复上报开门视为仍未关。关门后解除。',
  },
  raised: {
    en: '{place}: the door has been open for {openS|duration}.',
    zh: '{place}：门已打开{openS|duration}未关。',
  },
  advice: { en: 'See what holds it, and shut it.', zh: '请查看原因并关门。' },
  cleared: { en: '{place}: the door that was held open is closed.', zh: '{place}：未关的门已关闭。' },
  parameters,
  next(state = initial, record, { now, when, late }, p) {
    if (record.kind === 'status')
      return still(record.data.state === 'offline' ? { ...state, open: null } : state)
    if (record.kind !== 'door' || when < state.last) return still(state)
    const known = { ...state, last: when }
    const clearAt = now + p.clearS * secondMs
    switch (record.data.state) {
      case 'held': {
        if (late) return still({ ...known, open: null })
        const openS = Math.round((record.data.openMs ?? 0) / secondMs)
        const { episode, signals } = raise(
          state.episode, 'held', { at: record.at - openS * secondMs, now }, { openS: openS || p.heldS }, now + p.lapseS * secondMs,
        ) // biome-ignore format: what is raised
        return { state: { ...known, open: { at: record.at, due: null }, episode }, signals }
      }
      case 'open': {
        if (late) return still({ ...known, open: null, episode: endBy(state.episode, clearAt) })
        if (state.open !== null) return still({ ...known, episode: stillHeld(state, now, p) })
        const age = now - when
        const due = now + Math.max(age > promptMs ? settleMs : 0, p.heldS * secondMs - age)
        return still({ ...known, open: { at: record.at, due }, episode: endBy(state.episode, clearAt) })
      }
      default:
        // Closed; or forced, which has an alert of its own.
        return still({ ...known, open: null, episode: endBy(state.episode, clearAt) })
    }
  },
  expire(state, { now }, p) {
    const { open } = state
    if (open !== null && open.due !== null && open.due <= now) {
      const parts = { openS: p.heldS }
      const { episode, signals } = raise(
        state.episode,
        'held',
        { at: open.at, now },
        parts,
        now + p.lapseS * secondMs,
      )
      return { state: { ...state, open: { ...open, due: null }, episode }, signals }
    }
    const { episode, signals } = expireEpisode(state.episode, now)
    return { state: { ...state, episode }, signals }
  },
  due: ({ open, episode }) => Math.min(open?.due ?? Number.POSITIVE_INFINITY, episodeDue(episode)),
  episodes: ({ episode }) => episodesOf(episode),
})
