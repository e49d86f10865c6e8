import { dayMs, secondMs } from '../../../core/clock.ts'
import { reportedKinds } from '../../../devices/contract/kinds.ts'
import { endBy, episodeDue, episodesOf, expireEpisode, goOn, raise, still } from '../episode.ts'
import { clearS, factor, type ParametersOf, parametersOf, seconds } from '../parameters.ts'
import { defineRule, type Episode } from '../rule.ts'

const parameters = parametersOf('warning', {
  graceS: seconds({ en: 'Gone for so long after its will, it is away', zh: '断线多久后算离线' }, 60, 5, 3600),
  silence: factor(
    { en: 'Silent for so many times its longest usual pause', zh: '沉默超过平时最长间隔的倍数' }, 3, 1.5, 100,
  ),
  leastSilenceS: seconds({ en: 'And for at least so long', zh: '且至少沉默' }, 900, 60, 86_400),
  mostSilenceS: seconds({ en: 'So long at most, whatever is usual', zh: '最长允许沉默' }, 86_400, 60, 604_800),
  learnS: seconds({ en: 'Known for so long, its silence counts', zh: '学习多久后沉默才计入' }, 86_400, 0, 2_592_000),
  clearS: clearS(120),
}) // biome-ignore format: a table
export type DeviceOfflineParameters = ParametersOf<typeof parameters>

export interface DeviceState {
  readonly episode: Episode | null
  /** First and last record, in listening time; the last one also in epoch ms. */
  readonly since: number
  readonly heard: number
  readonly heardAt: number
  /** Longest usual pause between two records in ms; it fades. */
  readonly pause: number
  /** When its latest record happened, in listening time: a will from before that is ignored. */
  readonly word: number
  /** Since when it is away, epoch ms; and when to decide what to tell, null once that is done. */
  readonly away: {
    readonly at: number
    readonly by: 'will' | 'silence'
    readonly judgeAt: number | null
  } | null
  /** How often it fell silent and came back; it fades too. After three times, silence is usual. */
  readonly silences: number
}

/** Observations that do not recur lose half their weight in this time. */
const halfLifeMs = 7 * dayMs
/** Three times within three days, after fading. */
const silencesUntilUsual = 2.5

function learned({ heard, pause, away, silences }: DeviceState, now: number) {
  const gap = now - heard
  const fade = 0.5 ** (gap / halfLifeMs)
  if (away === null) return { pause: Math.max(gap, pause * fade), silences: silences * fade }
  // An outage is not a usual pause, unless it keeps happening.
  const times = silences * fade + (away.by === 'silence' ? 1 : 0)
  if (times < silencesUntilUsual) return { pause: pause * fade, silences: times }
  return { pause: Math.max(gap, pause * fade), silences: 0 }
}

function silentAt({ heard, pause, since }: DeviceState, p: DeviceOfflineParameters): number {
  const allowed = Math.min(Math.max(p.silence * pause, p.leastSilenceS * secondMs), p.mostSilenceS * secondMs)
  return Math.max(heard + allowed, since + p.learnS * secondMs)
}

/**
 * When the device starts to count as missing: it is away, or half the time to being found silent has passed. Asked for
 * every device of a site when one is judged.
 */
export const missingAfter = (state: DeviceState, p: DeviceOfflineParameters) =>
  state.away === null ? state.heard + (silentAt(state, p) - state.heard) / 2 : Number.NEGATIVE_INFINITY

export const deviceOffline = defineRule<DeviceState, DeviceOfflineParameters>({
  name: 'device-offline',
  scope: 'device',
  kinds: [...reportedKinds, 'snapshot'],
  title: { en: 'Device offline', zh: '设备离线' },
  about: {
    en: 'The broker lost the device and it did not come back in time; or it is silent for several times its longest usual pause, which is learned. Told of the site instead where many are away. Over once it has been back for a while.',
    zh: '设备断线后未及时恢复；或沉默超过平时最长间隔的数倍（自动学习）。同一小区多台离线时只提示小区离线。恢复一段时间后解除。',
  },
  raised: {
    en: '{place}: {device} is offline ({by}).',
    zh: '{place}：{device}离线（{by}）。',
  },
  advice: { en: 'See to its power and network.', zh: '请检查电源和网络。' },
  cleared: { en: '{place}: {device} is back.', zh: '{place}：{device}已恢复在线。' },
  parameters,
  next(state, record, { now, when, late }, p) {
    const { at, receivedAt } = record
    const word = Math.min(when, now)
    if (record.kind === 'status' && record.data.state === 'offline') {
      const known = state ?? firstHeard(now, receivedAt, word)
      if (late || known.away !== null || when < known.word) return still(known)
      const away = { at, by: 'will', judgeAt: now + p.graceS * secondMs } as const
      return still({ ...known, away, episode: goOn(known.episode) })
    }
    if (state === undefined) return still(firstHeard(now, receivedAt, word))
    const episode = state.away === null ? state.episode : endBy(state.episode, now + p.clearS * secondMs)
    return still({
      ...state,
      ...learned(state, now),
      heard: now,
      heardAt: receivedAt,
      word: Math.max(word, state.word),
      away: null,
      episode,
    })
  },
  expire(state, { now, siteAway }, p) {
    const { episode, signals } = expireEpisode(state.episode, now)
    const silent = state.away === null && silentAt(state, p) <= now
    const away = silent ? ({ at: state.heardAt, by: 'silence', judgeAt: now } as const) : state.away
    const back = { ...state, episode, away }
    if (away === null || away.judgeAt === null || away.judgeAt > now) return { state: back, signals }
    const judged = { ...back, away: { ...away, judgeAt: null } }
    if (episode !== null) return { state: { ...judged, episode: goOn(episode) }, signals }
    if (siteAway()) return { state: judged, signals }
    const found = raise(null, 'device', { at: away.at, now }, { by: away.by }, null)
    return { state: { ...judged, episode: found.episode }, signals: [...signals, ...found.signals] }
  },
  due(state, p) {
    const { away, episode } = state
    const next = away === null ? silentAt(state, p) : (away.judgeAt ?? Number.POSITIVE_INFINITY)
    return Math.min(next, episodeDue(episode))
  },
  episodes: ({ episode }) => episodesOf(episode),
})

function firstHeard(now: number, receivedAt: number, word: number): DeviceState {
  return {
    episode: null,
    since: now,
    heard: now,
    heardAt: receivedAt,
    pause: 0,
    word,
    away: null,
    silences: 0,
  }
}
