import { dayMs } from '../../../core/clock.ts'
import type { FlowFinding } from './state.ts'

/** What a station's staff were told of within the last day. JSON, at most as many as the cap. */
export interface StationState {
  readonly toldAt: readonly number[]
}

export const quietStation: StationState = { toldAt: [] }

/** How many more, or fewer, than usual. */
export const excessOf = ({ episode }: Pick<FlowFinding, 'episode'>) =>
  Math.abs(episode.actual - episode.expected)

/**
 * Of what begins at the same time at all of a station's places, what staff are told of: the largest excess first, and no
 * more than `perDay` within a day. The rest is listed, where they can look it up.
 */
export function admitToStation<T extends Pick<FlowFinding, 'episode'>>(
  { toldAt }: StationState,
  findings: readonly T[],
  at: number,
  perDay: number,
): { state: StationState; told: T[]; listed: T[] } {
  const recent = toldAt.filter(one => one > at - dayMs)
  const ranked = [...findings].sort((a, b) => excessOf(b) - excessOf(a))
  const told = ranked.slice(0, Math.max(0, perDay - recent.length))
  return {
    state: { toldAt: [...recent, ...told.map(() => at)] },
    told,
    listed: ranked.slice(told.length),
  }
}
