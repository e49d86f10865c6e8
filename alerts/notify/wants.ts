import { type Alert, reopenMs } from '../book/alert.ts'
import type { AlertChange } from '../book/alerts.ts'
import { type Severity, severities } from '../rules/rule.ts'
import { isBeginning, type Notice, type Standing } from './notice.ts'

/** What a channel is to hear of. */
export interface Wants {
  readonly changes: 'main' | 'all'
  readonly least: Severity
  readonly sites?: readonly string[]
  readonly rules?: readonly string[]
  /** Only what nobody has taken in so long. */
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
  /** As it stands now; undefined where the channel does not know of it. */
  readonly standing: Standing | undefined
  readonly notice?: Notice
}

/**
 * What a change means to a channel. Of an alert whose beginning it was never told, it hears no more. That one has
 * ended is told once it can no longer come again as the same, so a door that flaps is told once; what a person
 * resolved and what was put to sleep begins anew. Who heard of a beginning hears of its end, asleep or not.
 */
export function take(wants: Wants, standing: Standing | undefined, changed: AlertChange, now: number): Taken {
  const { change, alert } = changed
  // Would tell a channel of its own failure.
  if (change.what === 'undelivered') return { standing }
  if (isBeginning(changed)) return begin(wants, standing, changed, now)
  if (standing === undefined) return { standing }
  if (wants.changes === 'all') {
    const isOver = change.what === 'cleared' || change.what === 'resolved'
    const left = change.what === 'snoozed' ? ({ is: 'asleep' } as const) : standing
    return { standing: isOver ? undefined : left, notice: { changed, dueAt: now } }
  }
  if (change.what === 'snoozed') return { standing: asleep(standing) }
  // What waits to be told is then only counted.
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
