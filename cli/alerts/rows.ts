import type { Snooze } from '../../alerts/book/alerts.ts'
import type { FindingPlace, Language } from '../../alerts/rules/rule.ts'
import type { AlertDetails, AlertView, ChangeView } from '../../api/operations/alert-view.ts'
import { formatLocal } from '../../flow/zone.ts'
import { type AlertWords, titleOf, wordsOf } from './words.ts'

const leastId = 8

/** Shortens each id to what tells it from the others, at least eight characters: any unique prefix of an id is accepted. */
export function shortIds(ids: readonly string[]): (id: string) => string {
  const sorted = [...new Set(ids)].sort()
  const lengths = new Map(sorted.map(id => [id, leastId]))
  for (const [n, id] of sorted.slice(1).entries()) {
    const before = sorted[n]!
    let shared = 0
    while (shared < id.length && id[shared] === before[shared]) shared++
    for (const each of [id, before]) lengths.set(each, Math.max(lengths.get(each)!, shared + 1))
  }
  return id => id.slice(0, lengths.get(id) ?? leastId)
}

/** Local time of the place. */
export const localTime = (zone: string, at: number) => formatLocal(zone, at).slice(0, 19).replace('T', ' ')

export const placeText = ({ site, building, point, device }: FindingPlace, none: string) =>
  [site, building, point, device].filter(name => name !== undefined).join(' ') || none

const statusText = (
  { status, outcome, quietUntil, zone }: AlertView,
  { status: told, ...words }: AlertWords,
) => {
  const text = outcome === undefined ? told[status] : `${told[status]} (${words.outcome[outcome]})`
  return quietUntil === undefined
    ? text
    : `${text}${words.comma}${words.quiet} ${localTime(zone, quietUntil).slice(5, 16)}`
}

const sentence = ({ says, times }: AlertView, language: Language) =>
  says[language] + (times > 1 ? wordsOf(language).times(times) : '')

export function alertRows(alerts: readonly AlertView[], language: Language): Record<string, unknown>[] {
  const words = wordsOf(language)
  const { column } = words
  const short = shortIds(alerts.map(({ id }) => id))
  return alerts.map(alert => ({
    [column.id]: short(alert.id),
    [column.at]: localTime(alert.zone, alert.raisedAt),
    [column.severity]: words.severity[alert.severity],
    [column.status]: statusText(alert, words),
    [column.whose]: alert.assignee ?? alert.acknowledgedBy ?? alert.resolvedBy ?? '',
    [column.says]: sentence(alert, language),
  }))
}

/** Everything said with a change, in one cell. */
function noteOf(change: ChangeView, { outcome: told, comma }: AlertWords, says?: string): string {
  const { outcome, assignee, channel, note } = change
  const parts = [says, outcome === undefined ? undefined : told[outcome], assignee, channel, note]
  return parts.filter(part => part !== undefined && part !== '').join(comma)
}

/** One alert as text: its state, then its history. */
export function alertPage(
  alert: AlertDetails,
  language: Language,
): { head: string[]; rows: Record<string, unknown>[] } {
  const words = wordsOf(language)
  const { column } = words
  const at = (ms: number) => localTime(alert.zone, ms)
  const head = [
    sentence(alert, language),
    ...stateLines(alert, words, language),
    `${column.id} ${alert.id}`,
    `${column.rule} ${titleOf(alert.rule, language)} (${alert.rule})${words.comma}${words.severity[alert.severity]}`,
    `${column.status} ${statusText(alert, words)}${alert.assignee === undefined ? '' : `${words.comma}${column.whose} ${alert.assignee}`}`,
    `${column.at} ${at(alert.raisedAt)} (${alert.zone})${words.comma}${column.occurred} ${at(alert.occurredAt)}`,
    ...sourceLines(alert, words),
  ]
  const rows = alert.history.map(change => ({
    [column.when]: at(change.at),
    [column.what]: words.change[change.what],
    [column.by]: change.by ?? '',
    // The head contains the first sentence already.
    [column.note]: noteOf(
      change,
      words,
      change.says?.[language] === alert.says[language] ? '' : change.says?.[language],
    ),
  }))
  return { head, rows }
}

/** How it ended; while it is open, what to do. */
function stateLines(
  { status, advice, ended, active }: AlertDetails,
  { column, change }: AlertWords,
  language: Language,
) {
  const isClosed = status === 'cleared' || status === 'resolved'
  return [
    ...(ended === undefined ? [] : [`${change.cleared}: ${ended[language]}`]),
    ...(active && !isClosed && advice[language] !== '' ? [`${column.todo}: ${advice[language]}`] : []),
  ]
}

/** The event that raised it, and how to get its pictures. */
function sourceLines(
  { id, devices, source, pictures }: AlertDetails,
  { column, comma, event, pictureHow }: AlertWords,
) {
  const from = source?.event === undefined ? '' : `${comma}${event(source.event)}`
  return [
    ...(devices.length === 0 ? [] : [`${column.devices} ${devices.join(comma)}${from}`]),
    ...(pictures.length === 0 ? [] : [`${column.pictures} ${pictures.length}: ${pictureHow(id)}`]),
    ...pictures.map(picture => `  ${picture.device} ${event(picture.event)}`),
  ]
}

/** One change as a line, for the live view. */
export function changeLine(change: ChangeView, alert: AlertView, language: Language): string {
  const words = wordsOf(language)
  const how = change.what === 'cleared' ? alert.ended?.[language] : undefined
  const said = [change.by, noteOf(change, words, how)].filter(Boolean).join(': ')
  const parts = [
    localTime(alert.zone, change.at),
    alert.id.slice(0, leastId),
    words.severity[alert.severity],
    `${words.change[change.what]}${said === '' ? '' : ` (${said})`}`,
    sentence(alert, language),
  ]
  return parts.join('  ')
}

export function snoozeRows(snoozes: readonly Snooze[], zone: string, language: Language) {
  const { column, all, outcome, change } = wordsOf(language)
  return snoozes.map(({ id, why, rule, place, from, until, by, note = '' }) => ({
    [column.id]: id,
    [column.why]: why === 'maintenance' ? outcome.maintenance : change.snoozed,
    [column.rule]: rule === undefined ? all : titleOf(rule, language),
    [column.place]: placeText(place, all),
    [column.from]: localTime(zone, from),
    [column.until]: localTime(zone, until),
    [column.by]: by,
    [column.note]: note,
  }))
}
