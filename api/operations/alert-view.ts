import type { Alert, Change } from '../../ingest/alert/alert.ts'
import type { Act, AlertChange, AlertQuery, NewSnooze, Snooze } from '../../ingest/alert/alerts.ts'
import type { AlertReport } from '../../ingest/alert/report.ts'
import { explain } from '../../ingest/detect/explain.ts'
import type { Text } from '../../ingest/detect/rule.ts'

/** An alert, and the sentence for it: of what goes on, or of how it ended. */
export interface AlertView extends Alert {
  readonly says: Text
}

export interface AlertPageView {
  /** Newest first. A page may be short, or empty, and yet have a next. */
  readonly alerts: readonly AlertView[]
  readonly next?: string
}

export interface AlertDetails extends AlertView {
  /** Oldest first. */
  readonly history: readonly Change[]
}

export interface AlertChangeView extends AlertChange {
  readonly alert: AlertView
}

export interface ReportQuestion {
  /** Epoch ms, [from, to); the 12 hours before now where it does not say. */
  readonly from?: number
  readonly to?: number
  readonly sites?: readonly string[]
}

/** All of them throw STORE_UNAVAILABLE on a gateway alone. What is of another's site is not there. */
export interface AlertOperations {
  listAlerts(query: AlertQuery): Promise<AlertPageView>
  /** By its id or the beginning of it. Throws ALERT_NOT_FOUND. */
  showAlert(id: string): Promise<AlertDetails>
  /** Throws ALERT_NOT_FOUND or ALERT_CLOSED. */
  actOnAlert(id: string, act: Act): Promise<AlertView>
  /** What became of alerts in a shift. Throws API_REQUEST_INVALID where it is too long. */
  alertReport(question: ReportQuestion): Promise<AlertReport>
  listSnoozes(): Promise<Snooze[]>
  /** From now on where it does not say when. Throws SNOOZE_INVALID. */
  addSnooze(wanted: SnoozeRequest): Promise<Snooze>
  /** Throws SNOOZE_NOT_FOUND, or API_FORBIDDEN for one that is not of one's sites alone. */
  removeSnooze(id: string): Promise<void>
}

export type SnoozeRequest = Omit<NewSnooze, 'from'> & { readonly from?: number }

export function viewAlert(alert: Alert): AlertView {
  const told = { ...alert, kind: alert.active ? 'raised' : 'cleared' } as const
  return { ...alert, says: { en: explain(told, 'en'), zh: explain(told, 'zh') } }
}
