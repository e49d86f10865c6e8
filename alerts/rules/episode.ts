import type { Episode, Moment, Parts, Signal, Step } from './rule.ts'

const nothing: readonly Signal[] = []

/** A step without signals. */
export const still = <S>(state: S): Step<S> => ({ state, signals: nothing })

interface Raised {
  readonly episode: Episode
  readonly signals: readonly Signal[]
}

/**
 * Begins an episode of `subject`, or counts a repetition while one goes on. The cause contains the time of the
 * decision, `now`, which is unique; several episodes may have occurred `at` the same time.
 */
export function raise(
  episode: Episode | null,
  subject: string,
  { at, now }: { readonly at: number; readonly now: number },
  parts: Parts,
  clearAt: number | null,
): Raised {
  if (episode !== null)
    return { episode: { ...episode, times: episode.times + 1, clearAt }, signals: nothing }
  const fresh: Episode = { cause: `${subject}@${now}`, at, times: 1, parts, clearAt }
  return { episode: fresh, signals: [{ kind: 'raised', cause: fresh.cause, occurredAt: at, parts }] }
}

/** The episode goes on; nothing to tell. */
export const goOn = (episode: Episode | null): Episode | null =>
  episode === null || episode.clearAt === null ? episode : { ...episode, clearAt: null }

/** Ends the episode at `clearAt`, unless it ends sooner already. */
export function endBy(episode: Episode | null, clearAt: number): Episode | null {
  if (episode === null || (episode.clearAt !== null && episode.clearAt <= clearAt)) return episode
  return { ...episode, clearAt }
}

/** Signal for an episode that continues at another place. */
export const raisedSignal = ({ cause, at, parts }: Episode): Signal => ({
  kind: 'raised',
  cause,
  occurredAt: at,
  parts,
})

export const clearedSignal = (
  { cause, at, times, parts }: Episode,
  ending: Signal['ending'] = 'over',
): Signal => ({
  kind: 'cleared',
  cause,
  occurredAt: at,
  parts: { ...parts, times },
  ...(ending === undefined ? {} : { ending }),
})

/** The episode after its deadline, if that has passed. */
export function expireEpisode(
  episode: Episode | null,
  now: number,
): { readonly episode: Episode | null; readonly signals: readonly Signal[] } {
  if (episode === null || episode.clearAt === null || episode.clearAt > now)
    return { episode, signals: nothing }
  return { episode: null, signals: [clearedSignal(episode)] }
}

export const episodeDue = (episode: Episode | null) => episode?.clearAt ?? Number.POSITIVE_INFINITY
export const episodesOf = (episode: Episode | null): readonly Episode[] => (episode === null ? [] : [episode])

interface WithEpisode {
  readonly episode: Episode | null
}

/** Members for a rule whose only deadline is that of its one episode. */
export const oneEpisode = {
  expire<S extends WithEpisode>(state: S, { now }: Pick<Moment, 'now'>): Step<S> {
    const { episode, signals } = expireEpisode(state.episode, now)
    return { state: { ...state, episode }, signals }
  },
  due: ({ episode }: WithEpisode) => episodeDue(episode),
  episodes: ({ episode }: WithEpisode) => episodesOf(episode),
}
