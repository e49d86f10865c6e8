import { type Alert, isClosed, reopenMs } from '../book/alert.ts'
import { type Severity, severities } from '../rules/rule.ts'
import type { Told } from './channel.ts'
import { isBeginning, type Notice, type Standing } from './notice.ts'
import type { PacePolicy } from './pace.ts'
import { type QuietHours, quietUntil } from './quiet-hours.ts'
import type { Wants } from './wants.ts'

export interface Known {
  notice(number: number): Notice | undefined
  standing(alert: string): Standing | undefined
  alert(id: string): Alert | undefined
}

export interface Composed {
  /** Numbers of the notices the message settles, and of those that need no message any more. */
  readonly settles: readonly number[]
  readonly dropped: readonly number[]
  readonly told: readonly Told[]
  readonly more: number
  readonly over: number
  /** True if there is something to send. */
  readonly isNews: boolean
  /** Alerts for the channel to forget. */
  readonly forgotten: readonly string[]
}

export interface Composing {
  readonly wants: Wants
  readonly pace: PacePolicy
  readonly quiet?: QuietHours
}

/** Most alerts in one message to people: nobody reads more, and no text holds more. */
const named = 50

/** Composes a message from notices. Alerts that were over before people could hear of them are counted, not described. */
export function compose(
  { wants, pace, quiet }: Composing,
  numbers: readonly number[],
  known: Known,
  now: number,
): Composed {
  const told: Told[] = []
  const forgotten: string[] = []
  const settles = new Set<number>()
  const begun = new Set<string>()
  let over = 0
  let wasHeld = false
  for (const number of numbers) {
    const notice = known.notice(number)
    if (notice === undefined) continue
    const { changed, dueAt } = notice
    if (wants.changes === 'all') {
      told.push(changed)
      settles.add(number)
      continue
    }
    const { id } = changed.alert
    const alert = known.alert(id)
    const standing = known.standing(id)
    if (isBeginning(changed)) {
      if (standing?.is !== 'waiting' || standing.number !== number) continue
      const isTaken = wants.afterMs !== undefined && (alert?.status !== 'open' || !alert.active)
      const isOver = alert === undefined || isLongOver(pace, alert, dueAt, now)
      if (isTaken || isOver) forgotten.push(id)
      else {
        told.push({ change: changed.change, alert })
        settles.add(number)
        begun.add(id)
      }
      if (isOver && !isTaken) {
        over++
        wasHeld ||= quiet !== undefined && quietUntil(quiet, dueAt) !== undefined
      }
    } else if (standing !== undefined && isEndOf(alert, changed.alert)) {
      if (standing.is === 'waiting' && !begun.has(id)) continue
      forgotten.push(id)
      if (standing.is === 'asleep' && standing.untold !== undefined) continue
      told.push({ change: changed.change, alert })
      settles.add(number)
    }
  }
  const chosen = pace.readers === 'people' ? mostImportant(told) : told
  return {
    settles: [...settles],
    dropped: numbers.filter(number => !settles.has(number)),
    told: chosen,
    more: told.length - chosen.length,
    over,
    isNews: told.length > 0 || (over > 0 && wasHeld),
    forgotten,
  }
}

function isLongOver({ readers }: PacePolicy, alert: Alert, dueAt: number, now: number): boolean {
  if (readers === 'programs') return false
  return alert.status === 'resolved' || (isClosed(alert) && now - dueAt > reopenMs)
}

/** True if it has neither recurred nor been resolved since. */
const isEndOf = (alert: Alert | undefined, ended: Alert): alert is Alert =>
  alert?.status === 'cleared' && alert.times === ended.times

const rank = (severity: Severity) => severities.indexOf(severity)

function mostImportant(told: readonly Told[]): readonly Told[] {
  if (told.length <= named) return told
  const weightOf = ({ change, alert }: Told) => rank(alert.severity) + (change.what === 'cleared' ? 0 : 10)
  return told
    .toSorted((a, b) => weightOf(b) - weightOf(a) || b.change.number - a.change.number)
    .slice(0, named)
    .sort((a, b) => a.change.number - b.change.number)
}
