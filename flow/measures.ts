import { type AlertDimension, alertDimensions, alertWords } from '../alerts/book/alert-cells.ts'
import {
  type CellQuery,
  type Dimension,
  dimensions,
  placeDimensions,
  wordsOf as wordsOfRows,
} from '../ingest/store/store.ts'

/** What can be asked for: rows of one kind that meet a condition, counted or added up; or alerts. */
export interface Measure extends Pick<CellQuery, 'where' | 'sum'> {
  readonly kind: CellQuery['kind'] | 'alert'
  readonly unit: 'count' | 's'
  /** What one of the unit is in the store's numbers. */
  readonly scale: number
  /** Outs are taken from ins. */
  readonly isNet?: boolean
}

/** One that a store can answer. */
export type StoredMeasure = Measure & Pick<CellQuery, 'kind'>
export const isStored = (measure: Measure): measure is StoredMeasure => measure.kind !== 'alert'

const counted = { unit: 'count', scale: 1 } as const

export const measures = {
  passages: { kind: 'passage', where: { result: ['granted'] }, ...counted },
  /** Who stayed: passages in less passages out. */
  net: { kind: 'passage', where: { result: ['granted'] }, isNet: true, ...counted },
  denied: { kind: 'passage', where: { result: ['denied'] }, ...counted },
  vehicles: { kind: 'vehicle', where: {}, ...counted },
  /** On pictures: a person on two of them counts twice, and one whom the model missed not at all. */
  people: { kind: 'sighting', where: { outcome: ['seen'] }, sum: 'person', ...counted },
  /** Pictures by what became of them: what `people` was counted on. */
  pictures: { kind: 'sighting', where: {}, ...counted },
  /** What doors with a contact reported. */
  doors: { kind: 'door', where: {}, ...counted },
  /** How long doors stood open, when they closed; a door that is held says it a second time and is left out. */
  'door-open': { kind: 'door', where: { state: ['closed'] }, sum: 'openMs', unit: 's', scale: 1000 },
  /** By when they were raised, each once, however often it came again. */
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

/** Of rows and of alerts. */
export type CountedDimension = Dimension | AlertDimension
export const countedDimensions: readonly CountedDimension[] = [
  ...new Set([...dimensions, ...alertDimensions]),
]

/** Only what has one of these values in each of these dimensions. */
export type CountedWhere = { readonly [D in CountedDimension]?: readonly string[] }

/** The words that a dimension can have, '' for none among them; undefined where it is open. */
export const wordsOf = ({ kind }: Measure, dimension: CountedDimension): readonly string[] | undefined =>
  kind === 'alert' ? alertWords(dimension as AlertDimension) : wordsOfRows(kind, dimension as Dimension)

/** Dimensions of local time, which no store knows. */
export const slotDimensions = ['hour-of-day', 'day-of-week'] as const
export type SlotDimension = (typeof slotDimensions)[number]
export type FlowDimension = CountedDimension | SlotDimension

export const isSlot = (dimension: FlowDimension): dimension is SlotDimension =>
  (slotDimensions as readonly string[]).includes(dimension)

export function dimensionsOf({ kind, isNet = false }: Measure): readonly FlowDimension[] {
  const own = kindDimensions[kind].filter(dimension => !isNet || dimension !== 'direction')
  return [...placeDimensions, ...own, ...slotDimensions]
}
