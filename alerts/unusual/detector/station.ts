import { dayMs } from '../../../core/clock.ts'
import type { FlowFinding } from './state.ts'

/** Times within the last day at which a station's staff were told. JSON, at most as many as the cap. */
export interface StationState {
  readonly toldAt: readonly number[]
}

export const quietStation: StationState = { toldAt: [] }

/** Difference from the usual flow, up or down. */
export const excessOf = ({ episode }: Pick<FlowFinding, 'episode'>) =>
  Math.abs(episode.actual - episode.expected)

/**
 * Chooses what staff are told when episodes begin at the same time at several of a station's places: the largest excess
 * first, and no more than `perDay` within a day. The rest is listed, where staff can look it up.
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
