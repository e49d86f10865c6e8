import type { Table } from '../../core/state/state.ts'
import { type Alert, isClosed } from './alert.ts'
import type { AlertPage, AlertQuery } from './alerts.ts'

/** Looked at for one page, whether they are in it or not: some 10 ms. */
const maxLooked = 2000

export interface AlertTables {
  readonly alerts: Table<Alert>
  /** By `timeKey`: all, in the order in which they were raised. */
  readonly byTime: Table<1>
  /** By id: those that are not closed. */
  readonly open: Table<1>
}

export const timeKey = ({ raisedAt, id }: Pick<Alert, 'raisedAt' | 'id'>) => `${stamp(raisedAt)}/${id}`
const stamp = (at: number) => String(Math.max(0, Math.ceil(at))).padStart(15, '0')

/** One page, newest first. Where only those that are not closed are wanted, the closed ones are not looked at. */
export function listAlerts(tables: AlertTables, query: AlertQuery): AlertPage {
  const wanted = filterOf(query)
  const found: Alert[] = []
  const ends = [query.after, query.to === undefined ? undefined : stamp(query.to)]
  const [before] = ends.filter(end => end !== undefined).sort()
  let looked = 0
  const onlyOpen = query.status?.every(status => !isClosed({ status })) ?? false
  for (const key of onlyOpen ? openKeys(tables, before) : allKeys(tables, before)) {
    if (query.from !== undefined && key < stamp(query.from)) break
    const alert = tables.alerts.get(key.slice(key.indexOf('/') + 1))
    looked++
    if (alert !== undefined && wanted(alert)) found.push(alert)
    if (found.length >= query.limit || looked >= maxLooked) return { alerts: found, next: key }
  }
  return { alerts: found }
}

function* allKeys({ byTime }: AlertTables, before: string | undefined): Generator<string> {
  const limit = 500
  for (let after = before; ; ) {
    const keys = [...byTime.entries({ ...(after === undefined ? {} : { after }), reverse: true, limit })]
    for (const [key] of keys) yield key
    if (keys.length < limit) return
    after = keys.at(-1)![0]
  }
}

function openKeys({ alerts, open }: AlertTables, before: string | undefined): string[] {
  const keys = [...open.entries()].map(([id]) => timeKey(alerts.get(id)!))
  return keys.filter(key => before === undefined || key < before).sort((a, b) => (a < b ? 1 : -1))
}

function filterOf({ status, severity, rule, sites, building, point, device, assignee }: AlertQuery) {
  const isOneOf = <T>(values: readonly T[] | undefined, value: T | undefined) =>
    values === undefined || (value !== undefined && values.includes(value))
  const isIt = (wanted: string | undefined, value: string | undefined) =>
    wanted === undefined || wanted === value
  return (alert: Alert) =>
    isOneOf(status, alert.status) &&
    isOneOf(severity, alert.severity) &&
    isOneOf(rule, alert.rule) &&
    isOneOf(sites, alert.place.site) &&
    isIt(building, alert.place.building) &&
    isIt(point, alert.place.point) &&
    isIt(device, alert.place.device) &&
    isIt(assignee, alert.assignee)
}
