import type { Alert, Change } from '../../alerts/book/alert.ts'
import type { Act, AlertChange, AlertQuery, NewSnooze, Snooze } from '../../alerts/book/alerts.ts'
import type { AlertReport } from '../../alerts/book/report.ts'
import { adviceOf, ended, happened } from '../../alerts/rules/explain.ts'
import { type Language, languages, type Text } from '../../alerts/rules/rule.ts'
import type { DeviceId } from '../../core/words.ts'
import type { PictureKey } from '../../gateway/snapshots/snapshots.ts'

/** An alert in sentences. */
export interface AlertView extends Alert {
  /** The sentence of what happened, also once it is over. */
  readonly says: Text
  /** Advice for those on duty; empty for a rule that is not known. */
  readonly advice: Text
  /** How it ended; absent while it goes on. */
  readonly ended?: Text
}

/** A change, with the sentence of what happened then or of how it ended. */
export interface ChangeView extends Change {
  readonly says?: Text
}

/** A redacted picture of an alert's place, taken when it happened. */
export interface AlertPicture extends PictureKey {
  /** When its event happened, epoch ms. */
  readonly at: number
  /** It is kept for the alert, or for somebody, beyond its time. */
  readonly held: boolean
}

/** An alert after somebody acted on it. */
export interface ActedAlert extends AlertView {
  /** It was given to somebody who has no account here; that is taken all the same. */
  readonly assigneeUnknown?: true
  /** Somebody else had acknowledged it before, and has it still. A note is kept as a comment. */
  readonly takenBefore?: true
}

export interface AlertPageView {
  /** Newest first. A page may be short, or empty, and yet have a next. */
  readonly alerts: readonly AlertView[]
  readonly next?: string
}

export interface AlertDetails extends AlertView {
  /** Oldest first. */
  readonly history: readonly ChangeView[]
  /** The device that it is about, or that raised it; else those that stand at its point. */
  readonly devices: readonly DeviceId[]
  /** Those nearest to what happened first; none for who may not see pictures. */
  readonly pictures: readonly AlertPicture[]
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
  actOnAlert(id: string, act: Act): Promise<ActedAlert>
  /** What became of alerts in a shift. Throws API_REQUEST_INVALID where it is too long. */
  alertReport(question: ReportQuestion): Promise<AlertReport>
  listSnoozes(): Promise<Snooze[]>
  /** From now on where it does not say when. Throws SNOOZE_INVALID. */
  addSnooze(wanted: SnoozeRequest): Promise<Snooze>
  /** Throws SNOOZE_NOT_FOUND, or API_FORBIDDEN for one that is not of one's sites alone. */
  removeSnooze(id: string): Promise<void>
}

export type SnoozeRequest = Omit<NewSnooze, 'from'> & { readonly from?: number }

const inBoth = (say: (language: Language) => string) =>
  Object.fromEntries(languages.map(language => [language, say(language)])) as unknown as Text

export function viewAlert(alert: Alert): AlertView {
  const { rule, active, clearedAt, parts, endingParts } = alert
  const says = inBoth(language => happened(alert, language))
  const advice = inBoth(language => adviceOf(rule, language))
  if (active || clearedAt === undefined) return { ...alert, says, advice }
  const over = { ...alert, parts: { ...parts, ...endingParts } }
  return { ...alert, says, advice, ended: inBoth(language => ended(over, language)) }
}

/** An older version wrote no parts beside a change: then only the latest can be told. */
export function viewChange(change: Change, alert: Alert): ChangeView {
  const { what, cause, ending } = change
  const parts = change.parts ?? (cause === undefined || cause === alert.cause ? alert.parts : undefined)
  if (parts === undefined) return change
  if (what === 'raised' || what === 'reopened')
    return { ...change, says: inBoth(language => happened({ ...alert, parts }, language)) }
  if (what !== 'cleared') return change
  const over = { rule: alert.rule, place: alert.place, parts: { ...alert.parts, ...parts }, ending }
  return { ...change, says: inBoth(language => ended(over, language)) }
}
