import { happened } from '../rules/explain.ts'
import { type FindingPlace, languages, type Severity, severities, type Text } from '../rules/rule.ts'
import { type Alert, type Change, type Outcome, outcomes } from './alert.ts'

/** An alert with its whole history. */
export interface AlertCase {
  readonly alert: Alert
  readonly history: readonly Change[]
}

export interface Range {
  /** Epoch ms, [from, to). */
  readonly from: number
  readonly to: number
}

/** Spread of durations by nearest rank; without durations the median and the 90th percentile are absent. */
export interface Spread {
  readonly count: number
  readonly medianMs?: number
  readonly p90Ms?: number
}

/** State of an alert at the end of the range: its outcome, that it ended by itself, or that it is still open. */
export type Standing = Outcome | 'cleared' | 'open'
export const standings = [...outcomes, 'cleared', 'open'] as const

export interface RuleRow extends Readonly<Record<Standing, number>> {
  readonly rule: string
  /** Alerts that began or recurred in the range, and how often they did. */
  readonly raised: number
  readonly times: number
}

/** People's verdicts in the range on one rule at one place: `falseAlarms` of `judged`, not counting tests and maintenance. */
export interface JudgedRow {
  readonly rule: string
  readonly place: Omit<FindingPlace, 'device'>
  readonly judged: number
  readonly falseAlarms: number
  /** More than half were false, of at least three. */
  readonly isMostlyFalse: boolean
}

export interface OpenRow
  extends Pick<Alert, 'id' | 'rule' | 'severity' | 'place' | 'zone' | 'raisedAt' | 'times'> {
  /** The person who had acknowledged it by the end; absent if nobody had. */
  readonly acknowledgedBy?: string
  readonly assignee?: string
  /** A sentence about what happened. */
  readonly says: Text
}

export interface EndedRow extends Omit<OpenRow, 'acknowledgedBy' | 'assignee'> {
  readonly standing: Exclude<Standing, 'open'>
}

/** A report on the alerts of a shift. It describes places and rules, never the people on duty. */
export interface AlertReport extends Range {
  readonly raised: number
  readonly times: number
  readonly bySeverity: Readonly<Record<Severity, number>>
  /** Alerts closed in the range, or still open at its end. */
  readonly byStanding: Readonly<Record<Standing, number>>
  /** The rule with most alerts first. */
  readonly byRule: readonly RuleRow[]
  /** Time from telling people until somebody acknowledged the alert, or resolved it straight away. */
  readonly toAcknowledge: Spread
  readonly toResolve: Spread
  /** The rows with most false alarms first. */
  readonly judged: readonly JudgedRow[]
  /** Alerts that nobody took in time. */
  readonly escalated: number
  /** How often a channel gave up, by channel name. */
  readonly undelivered: Readonly<Record<string, number>>
  /** Alerts still open at the end, latest first, at most `maxOpen`. */
  readonly open: readonly OpenRow[]
  /** Alerts closed in the range, latest first, at most `maxOpen`. */
  readonly ended: readonly EndedRow[]
}

export const maxOpen = 200
const leastJudged = 3

/** The course of one alert in the range. */
interface Course {
  readonly times: number
  /** Undefined if it was closed before the range or began after it. */
  readonly standing: Standing | undefined
  readonly acknowledgedBy: string | undefined
  readonly assignee: string | undefined
  readonly toAcknowledge: readonly number[]
  readonly toResolve: readonly number[]
}

/**
 * Pure. Expects all alerts that began before the end of the range and were not closed before its start; other alerts do
 * not change the report.
 */
export function reportOn(cases: readonly AlertCase[], { from, to }: Range): AlertReport {
  const known = cases
    .map(({ alert, history }) => ({ alert, history, course: courseOf(history, { from, to }) }))
    .filter(({ course }) => course.times > 0 || course.standing !== undefined)
  const raised = known.filter(({ course }) => course.times > 0)
  const within = known.flatMap(({ history }) => history.filter(({ at }) => at >= from && at < to))
  const given = within.filter(({ what }) => what === 'undelivered').map(({ channel = '' }) => channel)
  const open = known.filter(({ course }) => course.standing === 'open')
  return {
    from,
    to,
    raised: raised.length,
    times: sumOf(raised.map(({ course }) => course.times)),
    bySeverity: countBy(
      severities,
      raised.map(({ alert }) => alert.severity),
    ),
    byStanding: countBy(
      standings,
      known.map(({ course }) => course.standing),
    ),
    byRule: rulesOf(known),
    toAcknowledge: spreadOf(known.flatMap(({ course }) => course.toAcknowledge)),
    toResolve: spreadOf(known.flatMap(({ course }) => course.toResolve)),
    judged: judgedOf(known),
    escalated: new Set(within.filter(({ what }) => what === 'escalated').map(({ alert }) => alert)).size,
    undelivered: countBy([...new Set(given)].sort(), given),
    open: latest(open).map(({ alert, course }) => openRow(alert, course)),
    ended: latest(known.filter(({ course }) => course.standing !== 'open')).flatMap(
      ({ alert, course: { standing } }) =>
        standing === undefined || standing === 'open' ? [] : [{ ...rowOf(alert), standing }],
    ),
  }
}

type Known = { readonly alert: Alert; readonly course: Course }

/** Reads the history up to the end of the range. */
function courseOf(history: readonly Change[], { from, to }: Range): Course {
  const toAcknowledge: number[] = []
  const toResolve: number[] = []
  let times = 0
  let standing: Standing | undefined
  let closedAt = 0
  let toldAt: number | undefined
  let acknowledgedBy: string | undefined
  let assignee: string | undefined
  for (const { what, at, by, outcome, assignee: given } of history) {
    if (at >= to) break
    const isWithin = at >= from
    const goesOn = standing === 'open' && toldAt !== undefined
    switch (what) {
      case 'raised':
      case 'reopened':
        // Whoever took it still has it, unless it was resolved.
        if (standing !== 'cleared' && standing !== 'open') acknowledgedBy = undefined
        standing = 'open'
        toldAt = at
        if (isWithin) times++
        break
      case 'woken':
        toldAt = at
        break
      case 'acknowledged':
        if (goesOn && isWithin) toAcknowledge.push(at - toldAt!)
        acknowledgedBy = by
        break
      case 'assigned':
        assignee = given
        break
      case 'resolved':
        if (goesOn && isWithin) toResolve.push(at - toldAt!)
        // Resolved without being acknowledged first.
        if (goesOn && isWithin && acknowledgedBy === undefined) toAcknowledge.push(at - toldAt!)
        standing = outcome!
        closedAt = at
        break
      case 'cleared':
        // An alert that was resolved while active stays resolved.
        if (standing !== 'open') break
        standing = outcome ?? 'cleared'
        closedAt = at
        break
    }
  }
  const isOld = standing !== 'open' && closedAt < from
  return { times, standing: isOld ? undefined : standing, acknowledgedBy, assignee, toAcknowledge, toResolve }
}

function rulesOf(known: readonly Known[]): RuleRow[] {
  const rows = [...Map.groupBy(known, ({ alert }) => alert.rule)].map(([rule, of]) => ({
    rule,
    raised: of.filter(({ course }) => course.times > 0).length,
    times: sumOf(of.map(({ course }) => course.times)),
    ...countBy(
      standings,
      of.map(({ course }) => course.standing),
    ),
  }))
  return rows.sort((a, b) => b.raised - a.raised || (a.rule < b.rule ? -1 : 1))
}

function judgedOf(known: readonly Known[]): JudgedRow[] {
  const said = known.filter(({ course: { standing } }) => standing === 'real' || standing === 'false-alarm')
  const placeOf = ({ device: _, ...place }: FindingPlace) => place
  const keyOf = ({ rule, place: { site = '', building = '', point = '' } }: Alert) =>
    [rule, site, building, point].join('\n')
  const rows = [...Map.groupBy(said, ({ alert }) => keyOf(alert))].map(([key, of]) => {
    const falseAlarms = of.filter(({ course }) => course.standing === 'false-alarm').length
    const { rule, place } = of[0]!.alert
    const isMostlyFalse = of.length >= leastJudged && falseAlarms * 2 > of.length
    return { key, rule, place: placeOf(place), judged: of.length, falseAlarms, isMostlyFalse }
  })
  return rows
    .sort((a, b) => b.falseAlarms - a.falseAlarms || b.judged - a.judged || (a.key < b.key ? -1 : 1))
    .map(({ key: _, ...row }) => row)
}

const latest = (known: readonly Known[]) =>
  known.toSorted((a, b) => b.alert.raisedAt - a.alert.raisedAt).slice(0, maxOpen)

function rowOf({ id, rule, severity, place, zone, raisedAt, times, parts }: Alert) {
  const says = Object.fromEntries(
    languages.map(language => [language, happened({ rule, place, parts }, language)]),
  ) as unknown as Text
  return { id, rule, severity, place, zone, raisedAt, times, says }
}

function openRow(alert: Alert, { acknowledgedBy, assignee }: Course): OpenRow {
  const taken = acknowledgedBy === undefined ? {} : { acknowledgedBy }
  const given = assignee === undefined ? {} : { assignee }
  return { ...rowOf(alert), ...taken, ...given }
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0)

function countBy<N extends string>(names: readonly N[], values: readonly (N | undefined)[]) {
  const counts = Object.fromEntries(names.map(name => [name, 0])) as Record<N, number>
  for (const value of values) if (value !== undefined) counts[value]++
  return counts
}

function spreadOf(durations: readonly number[]): Spread {
  const sorted = durations.toSorted((a, b) => a - b)
  const rank = (part: number) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]!
  const count = sorted.length
  return count === 0 ? { count } : { count, medianMs: rank(0.5), p90Ms: rank(0.9) }
}
