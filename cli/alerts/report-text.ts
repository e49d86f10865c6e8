import { type AlertReport, type JudgedRow, standings } from '../../alerts/book/report.ts'
import { durationOf } from '../../alerts/rules/explain.ts'
import { type Language, severities } from '../../alerts/rules/rule.ts'
import { renderTable } from '../output.ts'
import { localTime, placeText, shortIds } from './rows.ts'
import { titleOf, wordsOf } from './words.ts'

/** The report of a shift as text. */
export function reportText(report: AlertReport, zone: string, language: Language): string {
  const words = wordsOf(language)
  const { column, standing } = words
  const { from, to, raised, times, bySeverity, toAcknowledge, toResolve, undelivered } = report
  const counted = <N extends string>(names: readonly N[], counts: Readonly<Record<N, number>>, told: Record<N, string>) =>
    names.flatMap(name => (counts[name] > 0 ? [`${counts[name]} ${told[name]}`] : [])).join(words.comma) // biome-ignore format: one thing
  const duration = (ms: number) => durationOf(ms / 1000, language)
  const spread = ({ count, medianMs = 0, p90Ms = 0 }: typeof toAcknowledge, say: typeof words.taken) =>
    count === 0 ? [] : [say(count, duration(medianMs), duration(p90Ms))]
  const failed = Object.entries(undelivered).map(([channel, n]) => `${channel} ${n}`)
  const summary = [
    words.heading(localTime(zone, from).slice(0, 16), localTime(zone, to).slice(0, 16), zone),
    words.raised(raised, times, counted([...severities].reverse(), bySeverity, words.severity)),
    counted(standings, report.byStanding, standing),
    ...spread(toAcknowledge, words.taken),
    ...spread(toResolve, words.resolved),
    ...(report.escalated > 0 ? [words.escalated(report.escalated)] : []),
    ...(failed.length > 0 ? [words.undelivered(failed.join(words.comma))] : []),
  ].filter(line => line !== '')
  const byRule = report.byRule.map(row => ({
    [column.rule]: titleOf(row.rule, language),
    [column.raised]: row.raised,
    [column.times]: row.times,
    ...Object.fromEntries(standings.map(name => [standing[name], row[name]])),
  }))
  const judged = report.judged.map(({ rule, place, falseAlarms, judged }) => ({
    [column.rule]: titleOf(rule, language),
    [column.place]: placeText(place, words.service),
    [column.falseAlarms]: falseAlarms,
    [column.judged]: judged,
  }))
  const short = shortIds(report.open.map(({ id }) => id))
  const shortEnded = shortIds(report.ended.map(({ id }) => id))
  const open = report.open.map(
    ({ id, severity, raisedAt, acknowledgedBy = '', assignee = acknowledgedBy, ...row }) => ({
      [column.id]: short(id),
      [column.at]: localTime(row.zone, raisedAt),
      [column.severity]: words.severity[severity],
      [column.whose]: assignee,
      [column.says]: row.says[language],
    }),
  )
  const ended = report.ended.map(row => ({
    [column.id]: shortEnded(row.id),
    [column.at]: localTime(row.zone, row.raisedAt),
    [column.severity]: words.severity[row.severity],
    [column.became]: standing[row.standing],
    [column.says]: row.says[language],
  }))
  const hints = report.judged.filter(({ isMostlyFalse }) => isMostlyFalse).map(row => hintOf(row, language))
  return [
    summary.join('\n'),
    ...(byRule.length > 0 ? [renderTable(byRule)] : []),
    ...(open.length > 0 ? [`${words.goesOn}\n${renderTable(open)}`] : []),
    ...(ended.length > 0 ? [`${words.ended}\n${renderTable(ended)}`] : []),
    ...(judged.length > 0 ? [`${words.judged}\n${renderTable(judged)}`] : []),
    ...hints,
  ].join('\n\n')
}

function hintOf({ rule, place, falseAlarms, judged }: JudgedRow, language: Language): string {
  const words = wordsOf(language)
  const { site, building, point } = place
  const where = [
    ...(site === undefined ? [] : ['--site', site]),
    ...(point === undefined ? [] : ['--point', `${building}/${point}`]),
  ]
  const quoted = where.map(text => (/\s/.test(text) ? `'${text}'` : text))
  const command = ['lintel rules show --rule', rule, ...quoted].join(' ')
  return `${words.hint(titleOf(rule, language), placeText(place, words.service), falseAlarms, judged)}\n  ${command}`
}
