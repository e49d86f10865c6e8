import { secondMs } from '../../../core/clock.ts'
import { episodeDue, episodesOf, expireEpisode, raise, still } from '../episode.ts'
import { clearS, count, type ParametersOf, parametersOf, share } from '../parameters.ts'
import { defineRule, type Episode, type Step } from '../rule.ts'

const parameters = parametersOf('critical', {
  devices: count({ en: 'So many of its devices away', zh: '离线设备数' }, 3, 2, 1000),
  awayShare: share({ en: 'And such a share of them', zh: '且离线比例' }, 0.3, 0.01, 1),
  backShare: share({ en: 'Over once no more than this share is away', zh: '离线比例降到多少算恢复' }, 0.1, 0, 1),
  clearS: clearS(300),
}) // biome-ignore format: a table
export type SiteOfflineParameters = ParametersOf<typeof parameters>

export interface SiteState {
  readonly episode: Episode | null
}

/** Number of devices at the site, and how many of them are missing. */
export interface Crowd {
  readonly known: number
  readonly missing: number
}

const isAway = ({ known, missing }: Crowd, p: SiteOfflineParameters) =>
  p.enabled && missing >= p.devices && missing >= p.awayShare * known
const isBack = ({ known, missing }: Crowd, p: SiteOfflineParameters) => missing <= p.backShare * known

/** Called when a device of the site is judged: many at once become one alert. `at` is when it went away, epoch ms. */
export function judgeSite(
  state: SiteState = { episode: null },
  crowd: Crowd,
  at: number,
  now: number,
  p: SiteOfflineParameters,
): Step<SiteState> {
  if (state.episode !== null || !isAway(crowd, p)) return still(state)
  const parts = { missing: crowd.missing, known: crowd.known }
  const { episode, signals } = raise(null, 'site', { at, now }, parts, now + p.clearS * secondMs)
  return { state: { episode }, signals }
}

/** Called when a device of the site goes or comes back: the end is postponed by `clearS`, unless nearly all are back. */
export function postpone(state: SiteState, crowd: Crowd, now: number, p: SiteOfflineParameters): SiteState {
  const { episode } = state
  if (episode === null || isBack(crowd, p)) return state
  return { episode: { ...episode, clearAt: now + p.clearS * secondMs } }
}

/** Called at the deadline. */
export function expireSite(
  state: SiteState,
  crowd: Crowd,
  now: number,
  p: SiteOfflineParameters,
): Step<SiteState> {
  if (!isBack(crowd, p)) return still(postpone(state, crowd, now, p))
  const { episode, signals } = expireEpisode(state.episode, now)
  return { state: { episode }, signals }
}

/** Gets no records: `judgeSite` and the other functions are called when its devices come and go. */
export const siteOffline = defineRule<SiteState, SiteOfflineParameters>({
  name: 'site-offline',
  scope: 'site',
  kinds: [],
  title: { en: 'Site offline', zh: '小区离线' },
  about: {
    en: 'Many devices of one site are away at once: one message instead of many. Over once nearly all have been back for a while; those that are still away are told then.',
    zh: '同一小区多台设备同时离线时合并为一条。绝大多数恢复一段时间后解除，仍离线的设备届时单独提示。',
  },
  raised: {
    en: '{place}: {missing} of {known} devices are offline.',
    zh: '{place}：{known}台设备中有{missing}台离线。',
  },
  advice: { en: 'See to the network and the power of the site.', zh: '请检查小区网络和供电。' },
  cleared: { en: '{place}: its devices are back.', zh: '{place}：设备已恢复在线。' },
  parameters,
  next: (state = { episode: null }) => still(state),
  expire: state => still(state),
  due: ({ episode }) => episodeDue(episode),
  episodes: ({ episode }) => episodesOf(episode),
})
