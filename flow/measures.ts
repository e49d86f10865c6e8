import { type AlertDimension, alertDimensions, alertWords } from '../alerts/book/alert-cells.ts'
import {
  type CellQuery,
  type Dimension,
  dimensions,
  placeDimensions,
  wordsOf as wordsOfRows,
} from '../ingest/store/store.ts'

/** A quantity to ask for: rows of one kind that meet a condition, counted or added up; or alerts. */
export interface Measure extends Pick<CellQuery, 'where' | 'sum'> {
  readonly kind: CellQuery['kind'] | 'alert'
  readonly unit: 'count' | 's'
  /** One unit, in the store's numbers. */
  readonly scale: number
  /** Passages out are subtracted from passages in. */
  readonly isNet?: boolean
}

/** A measure that a store can answer. */
export type StoredMeasure = Measure & Pick<CellQuery, 'kind'>
export const isStored = (measure: Measure): measure is StoredMeasure => measure.kind !== 'alert'

const counted = { unit: 'count', scale: 1 } as const

export const measures = {
  passages: { kind: 'passage', where: { result: ['granted'] }, ...counted },
  /** How many stayed: passages in minus passages out. */
  net: { kind: 'passage', where: { result: ['granted'] }, isNet: true, ...counted },
  denied: { kind: 'passage', where: { result: ['denied'] }, ...counted },
  vehicles: { kind: 'vehicle', where: {}, ...counted },
  /** People on pictures: a person on two of them counts twice, and one that the model missed does not count. */
  people: { kind: 'sighting', where: { outcome: ['seen'] }, sum: 'person', ...counted },
  /** Pictures by outcome: the basis on which `people` was counted. */
  pictures: { kind: 'sighting', where: {}, ...counted },
  /** Reports of doors with a contact. */
  doors: { kind: 'door', where: {}, ...counted },
  /** How long doors were open, counted when they closed; the second report of a door held open is left out. */
  'door-open': { kind: 'door', where: { state: ['closed'] }, sum: 'openMs', unit: 's', scale: 1000 },
  /** By the time they were raised, each once, however often it recurred. */
  alerts: { kind: 'alert', where: {}, ...counted },
} as const satisfies Record<string, Measure>

export type MeasureName = keyof typeof measures
export const measureNames = Object.keys(measures) as MeasureName[]
export const measureOf = (name: MeasureName): Measure => measures[name]

const kindDimensions: Record<Measure['kind'], readonly CountedDimension[]> = {
  passage: ['direction', 'result', 'method', 'holder', 'reason'],
  vehicle: ['direction', 'class', 'lane'],
  sighting: ['outcome'],
  door: ['state'],
  alert: alertDimensions.filter(dimension => !(placeDimensions as readonly string[]).includes(dimension)),
}

/** Dimensions of rows and of alerts. */
export type CountedDimension = Dimension | AlertDimension
export const countedDimensions: readonly CountedDimension[] = [
  ...new Set([...dimensions, ...alertDimensions]),
]

/** Only what has one of these values in each dimension given. */
export type CountedWhere = { readonly [D in CountedDimension]?: readonly string[] }

/** The words a dimension can have, including '' for none; undefined if any word is possible. */
export const wordsOf = ({ kind }: Measure, dimension: CountedDimension): readonly string[] | undefined =>
  kind === 'alert' ? alertWords(dimension as AlertDimension) : wordsOfRows(kind, dimension as Dimension)

/** Dimensions of local time, which stores do not know. */
export const slotDimensions = ['hour-of-day', 'day-of-week'] as const
export type SlotDimension = (typeof slotDimensions)[number]
export type FlowDimension = CountedDimension | SlotDimension

export const isSlot = (dimension: FlowDimension): dimension is SlotDimension =>
  (slotDimensions as readonly string[]).includes(dimension)

export function dimensionsOf({ kind, isNet = false }: Measure): readonly FlowDimension[] {
  const own = kindDimensions[kind].filter(dimension => !isNet || dimension !== 'direction')
  return [...placeDimensions, ...own, ...slotDimensions]
}
