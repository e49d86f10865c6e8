import type { LocalSlot } from '../calendar/day.ts'
import type { FindingPlace } from '../rules/rule.ts'

/** A door or lane; without `point`, a building. */
export interface FlowPlace extends FindingPlace {
  readonly site: string
  readonly building: string
  readonly point?: string
}

export const directions = ['in', 'out'] as const
export type Direction = (typeof directions)[number]

/** Counts of one place, in and out. */
export type Counts = readonly [inward: number, outward: number]

/** Names contain no slash. */
export const pointKey = ({ site, building, point = '' }: FlowPlace) => `point/${site}/${building}/${point}`
export const seriesKey = ({ site, building, point = '' }: FlowPlace, direction: Direction) =>
  `flow/${site}/${building}/${point}/${direction}`

export function placeOf(key: string): FlowPlace {
  const [, site = '', building = '', point = ''] = key.split('/')
  return point === '' ? { site, building } : { site, building, point }
}

export const directionOf = (series: string) => series.split('/')[4] as Direction

/** `undefined` deletes the key. */
export type Change = readonly [key: string, value: unknown]

/** Position of a moment in a zone's week. */
export type SlotsOf = (zone: string) => (at: number) => LocalSlot
