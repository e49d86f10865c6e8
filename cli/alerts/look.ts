import type { Status } from '../../alerts/book/alert.ts'
import type { AlertQuery } from '../../alerts/book/alerts.ts'
import type { Language, Severity } from '../../alerts/rules/rule.ts'
import type { AlertView } from '../../api/operations/alert-view.ts'
import { languageOf } from '../flow/language.ts'
import { type CommonOptions, contextOf } from '../options.ts'
import { renderTable } from '../output.ts'
import { reportText } from './report-text.ts'
import { alertPage, alertRows } from './rows.ts'
import { momentOf, rangeOf, type ShiftOptions, spanOf } from './shift.ts'
import { wordsOf } from './words.ts'

export interface LangOptions extends CommonOptions {
  readonly lang?: Language
}
export const languageIn = ({ lang }: LangOptions) => lang ?? languageOf(process.env)

interface ListOptions extends LangOptions {
  readonly open?: boolean
  readonly status?: readonly Status[]
  readonly severity?: readonly Severity[]
  readonly rule?: readonly string[]
  readonly site?: readonly string[]
  readonly building?: string
  readonly point?: string
  readonly device?: string
  readonly assignee?: string
  readonly last?: string
  readonly from?: string
  readonly to?: string
  readonly limit: number
}

const pageSize = 200
const notClosed: readonly Status[] = ['open', 'acknowledged', 'cleared']

export async function listAlerts(options: ListOptions): Promise<void> {
  const { ask, config, output, json } = contextOf(options)
  const { limit } = options
  const query = queryOf(options, config.zone, Date.now())
  const { alerts, isMore } = await ask('registry', async operations => {
    const alerts: AlertView[] = []
    let next: string | undefined
    do {
      const page = await operations.listAlerts({
        ...query,
        ...(next === undefined ? {} : { after: next }),
        limit: Math.min(pageSize, limit - alerts.length),
      })
      alerts.push(...page.alerts)
      next = page.next
    } while (next !== undefined && alerts.length < limit)
    return { alerts, isMore: next !== undefined }
  })
  const language = languageIn(options)
  const words = wordsOf(language)
  if (alerts.length === 0 && !json) return output.say(words.nothing)
  output.table(alertRows(alerts, language), alerts)
  if (isMore && !json) output.say(words.more(limit * 2))
}

function queryOf(options: ListOptions, zone: string, now: number): Omit<AlertQuery, 'limit' | 'after'> {
  const { open, status = open ? notClosed : undefined, site: sites, last, from, to } = options
  const { severity, rule, building, point, device, assignee } = options
  const since = from === undefined ? last && now - spanOf('--last', last) : momentOf('--from', from, zone)
  const until = to === undefined ? undefined : momentOf('--to', to, zone)
  const all = { status, sites, severity, rule, building, point, device, assignee, from: since, to: until }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

export async function showAlert(id: string, options: LangOptions): Promise<void> {
  const { ask, output } = contextOf(options)
  const alert = await ask('registry', operations => operations.showAlert(id))
  const { head, rows } = alertPage(alert, languageIn(options))
  output.say([...head, '', ...renderTable(rows).split('\n')], alert)
}

export async function report(
  options: LangOptions & ShiftOptions & { site?: readonly string[] },
): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const range = rangeOf(options, config.zone, Date.now())
  const { site: sites } = options
  const found = await ask('registry', operations =>
    operations.alertReport({ ...range, ...(sites === undefined ? {} : { sites }) }),
  )
  output.say(reportText(found, config.zone, languageIn(options)).split('\n'), found)
}
