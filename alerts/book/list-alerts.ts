import type { Table } from '../../core/state/state.ts'
import type { Severity } from '../rules/rule.ts'
import { type Alert, isClosed } from './alert.ts'
import type { AlertPage, AlertQuery } from './alerts.ts'

/** Most alerts examined for one page, whether they match or not: about 10 ms. */
const maxLooked = 2000

export interface AlertTables {
  readonly alerts: Table<Alert>
  /** All alerts by `timeKey`, so in the order in which they were raised. */
  readonly byTime: Table<1>
  /** Severities of the alerts that are not closed, by the same key. */
  readonly open: Table<Severity>
}

export const timeKey = ({ raisedAt, id }: Pick<Alert, 'raisedAt' | 'id'>) => `${stamp(raisedAt)}/${id}`
export const idIn = (key: string) => key.slice(key.indexOf('/') + 1)
const stamp = (at: number) => String(Math.max(0, Math.ceil(at))).padStart(15, '0')

/** One page, newest first. A query for open alerts only does not examine closed ones. */
export function listAlerts(tables: AlertTables, query: AlertQuery): AlertPage {
  const wanted = filterOf(query)
  const found: Alert[] = []
  const ends = [query.after, query.to === undefined ? undefined : stamp(query.to)]
  const [before] = ends.filter(end => end !== undefined).sort()
  let looked = 0
  const onlyOpen = query.status?.every(status => !isClosed({ status })) ?? false
  for (const key of keysOf(onlyOpen ? tables.open : tables.byTime, before)) {
    if (query.from !== undefined && key < stamp(query.from)) break
    const alert = tables.alerts.get(idIn(key))
    looked++
    if (alert !== undefined && wanted(alert)) found.push(alert)
    if (found.length >= query.limit || looked >= maxLooked) return { alerts: found, next: key }
  }
  return { alerts: found }
}

function* keysOf(table: Table<unknown>, before: string | undefined): Generator<string> {
  const limit = 500
  for (let after = before; ; ) {
    const keys = [...table.entries({ ...(after === undefined ? {} : { after }), reverse: true, limit })]
    for (const [key] of keys) yield key
    if (keys.length < limit) return
    after = keys.at(-1)![0]
  }
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
