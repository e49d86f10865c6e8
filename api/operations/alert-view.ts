import type { Alert, Change } from '../../alerts/book/alert.ts'
import type { Act, AlertChange, AlertQuery, NewSnooze, Snooze } from '../../alerts/book/alerts.ts'
import type { AlertReport } from '../../alerts/book/report.ts'
import { adviceOf, ended, happened } from '../../alerts/rules/explain.ts'
import { type Language, languages, type Text } from '../../alerts/rules/rule.ts'
import type { DeviceId } from '../../core/words.ts'
import type { PictureKey } from '../../gateway/snapshots/snapshots.ts'

/** An alert with sentences. */
export interface AlertView extends Alert {
  /** A sentence about what happened; also once it is over. */
  readonly says: Text
  /** Advice for people on duty; empty for an unknown rule. */
  readonly advice: Text
  /** How it ended; absent while it goes on. */
  readonly ended?: Text
}

/** A change, with a sentence about what happened or how it ended. */
export interface ChangeView extends Change {
  readonly says?: Text
}

/** A redacted picture of an alert's place, taken when it happened. */
export interface AlertPicture extends PictureKey {
  /** Time of its event, epoch ms. */
  readonly at: number
  /** It is held beyond its time, for the alert or for another reason. */
  readonly held: boolean
}

/** An alert after somebody acted on it. */
export interface ActedAlert extends AlertView {
  /** It was assigned to somebody without an account here, which is allowed. */
  readonly assigneeUnknown?: true
  /** Somebody else had acknowledged it before, and still has it. A note is kept as a comment. */
  readonly takenBefore?: true
}

export interface AlertPageView {
  /** Newest first. A page may be short or even empty and still have a `next`. */
  readonly alerts: readonly AlertView[]
  readonly next?: string
}

export interface AlertDetails extends AlertView {
  /** Oldest first. */
  readonly history: readonly ChangeView[]
  /** The device it is about, or that raised it; else the devices at its point. */
  readonly devices: readonly DeviceId[]
  /** The pictures closest to the occurrences first; none for users who may not see pictures. */
  readonly pictures: readonly AlertPicture[]
}

export interface AlertChangeView extends AlertChange {
  readonly alert: AlertView
}

export interface ReportQuestion {
  /** Epoch ms, [from, to); by default the 12 hours before now. */
  readonly from?: number
  readonly to?: number
  readonly sites?: readonly string[]
}

/** All of them throw STORE_UNAVAILABLE on a gateway alone. Alerts of other sites do not exist for the user. */
export interface AlertOperations {
  listAlerts(query: AlertQuery): Promise<AlertPageView>
  /** By id or by a unique prefix of it. Throws ALERT_NOT_FOUND. */
  showAlert(id: string): Promise<AlertDetails>
  /** Throws ALERT_NOT_FOUND or ALERT_CLOSED. */
  actOnAlert(id: string, act: Act): Promise<ActedAlert>
  /** Reports on the alerts of a shift. Throws API_REQUEST_INVALID if the range is too long. */
  alertReport(question: ReportQuestion): Promise<AlertReport>
  listSnoozes(): Promise<Snooze[]>
  /** Begins now if `from` is absent. Throws SNOOZE_INVALID. */
  addSnooze(wanted: SnoozeRequest): Promise<Snooze>
  /** Throws SNOOZE_NOT_FOUND, or API_FORBIDDEN for a snooze that is not only for the user's sites. */
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

/** Older versions stored no parts with a change: then only the latest one has a sentence. */
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
