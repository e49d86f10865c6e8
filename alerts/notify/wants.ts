import { type Alert, reopenMs } from '../book/alert.ts'
import type { AlertChange } from '../book/alerts.ts'
import { type Severity, severities } from '../rules/rule.ts'
import { isBeginning, type Notice, type Standing } from './notice.ts'

/** Selects the alerts and changes that a channel tells. */
export interface Wants {
  readonly changes: 'main' | 'all'
  readonly least: Severity
  readonly sites?: readonly string[]
  readonly rules?: readonly string[]
  /** Tell only what nobody has taken within this time. */
  readonly afterMs?: number
}

export function concerns(wants: Wants, { severity, place, rule }: Alert): boolean {
  return (
    severities.indexOf(severity) >= severities.indexOf(wants.least) &&
    (wants.rules === undefined || wants.rules.includes(rule)) &&
    (wants.sites === undefined || (place.site !== undefined && wants.sites.includes(place.site)))
  )
}

export interface Taken {
  /** The new standing; undefined if the channel does not know the alert. */
  readonly standing: Standing | undefined
  readonly notice?: Notice
}

/**
 * Decides what a change means to a channel. A channel that was not told of a beginning is told nothing more of that
 * alert. An end is told only when the alert can no longer reopen, so a flapping door sends one message. An alert that a
 * person resolved, or that was snoozed, starts over. A channel that was told of a beginning is also told of the end,
 * snoozed or not. With `changes: 'all'`, every change is told at once.
 */
export function take(wants: Wants, standing: Standing | undefined, changed: AlertChange, now: number): Taken {
  const { change, alert } = changed
  // This would tell a channel of its own failure.
  if (change.what === 'undelivered') return { standing }
  if (isBeginning(changed)) return begin(wants, standing, changed, now)
  if (standing === undefined) return { standing }
  if (wants.changes === 'all') {
    const isOver = change.what === 'cleared' || change.what === 'resolved'
    const left = change.what === 'snoozed' ? ({ is: 'asleep' } as const) : standing
    return { standing: isOver ? undefined : left, notice: { changed, dueAt: now } }
  }
  if (change.what === 'snoozed') return { standing: asleep(standing) }
  // A beginning that was still waiting is then only counted.
  if (change.what === 'resolved') return { standing: standing.is === 'waiting' ? standing : undefined }
  if (change.what === 'cleared' && alert.status === 'cleared')
    return { standing, notice: { changed, dueAt: now + reopenMs } }
  return { standing }
}

const asleep = (standing: Standing): Standing =>
  standing.is === 'waiting' ? { is: 'asleep', untold: standing.number } : { ...standing, is: 'asleep' }

function begin(wants: Wants, standing: Standing | undefined, changed: AlertChange, now: number): Taken {
  const { alert, change } = changed
  const isQuiet = alert.maintenance === true || (alert.quietUntil ?? 0) > now
  if (standing !== undefined && standing.is !== 'asleep') {
    const isFurther = wants.changes === 'all' && !isQuiet
    return isFurther ? { standing, notice: { changed, dueAt: now } } : { standing }
  }
  if (isQuiet || !concerns(wants, alert)) return { standing }
  return {
    standing: { is: 'waiting', number: change.number },
    notice: { changed, dueAt: now + (wants.afterMs ?? 0) },
  }
}
