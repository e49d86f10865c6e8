import type { LocalSlot } from '../calendar/day.ts'
import type { FindingPlace } from '../rules/rule.ts'

/** A door or lane; or, without `point`, a building. */
export interface FlowPlace extends FindingPlace {
  readonly site: string
  readonly building: string
  readonly point?: string
}

export const directions = ['in', 'out'] as const
export type Direction = (typeof directions)[number]

/** Of one place, in and out. */
export type Counts = readonly [inward: number, outward: number]

/** No name holds a slash. */
export const pointKey = ({ site, building, point = '' }: FlowPlace) => `point/${site}/${building}/${point}`
export const seriesKey = ({ site, building, point = '' }: FlowPlace, direction: Direction) =>
  `flow/${site}/${building}/${point}/${direction}`

export function placeOf(key: string): FlowPlace {
  const [, site = '', building = '', point = ''] = key.split('/')
  return point === '' ? { site, building } : { site, building, point }
}

export const directionOf = (series: string) => series.split('/')[4] as Direction

/** `undefined` is what is gone. */
export type Change = readonly [key: string, value: unknown]

/** Where a moment lies in a zone's week. */
export type SlotsOf = (zone: string) => (at: number) => LocalSlot
