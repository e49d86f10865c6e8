import { reopenMs } from '../book/alert.ts'
import type { AlertChange } from '../book/alerts.ts'
import { isBeginning, type Notice } from './notice.ts'
import { type Awaiting, goesAt, type Pace, type PacePolicy } from './pace.ts'
import { type QuietHours, quietUntil } from './quiet-hours.ts'

/** A waiting notice. */
export interface Head extends Awaiting {
  readonly number: number
  readonly alert: string
}

export interface Quiet extends QuietHours {
  /** Beginnings of critical alerts are told at any hour. */
  readonly exceptCritical: boolean
}

/** A cut cable affects many doors within seconds, and a power cut many sites. */
const crowdRules: readonly string[] = ['device-offline', 'site-offline']

/** If the clock was set back meanwhile, nothing waits longer. */
export function headOf({ changed, dueAt }: Notice, now: number): Head {
  const { change, alert } = changed
  return {
    number: change.number,
    alert: alert.id,
    dueAt: dueAt - Math.max(0, change.at - now),
    severity: alert.severity,
    isCrowd: crowdRules.includes(alert.rule) && !change.by,
    isEnd: isGathered(changed, dueAt),
  }
}

const isGathered = (changed: AlertChange, dueAt: number) =>
  !isBeginning(changed) && dueAt - changed.change.at >= reopenMs

/** Notices to send now, or the time to ask again; Infinity if nothing waits. Epoch ms. */
export type Plan = { readonly send: readonly Head[] } | { readonly at: number }

/** Once the first notice may go out, one message takes everything that is due. */
export function plan(
  policy: PacePolicy,
  quiet: Quiet | undefined,
  pace: Pace,
  heads: Iterable<Head>,
  now: number,
): Plan {
  const end = quiet && quietUntil(quiet, now)
  const due: Head[] = []
  let next = Number.POSITIVE_INFINITY
  for (const head of heads) {
    const isHeld =
      end !== undefined && !(quiet!.exceptCritical && head.severity === 'critical' && !head.isEnd)
    const at = goesAt(policy, pace, head)
    next = Math.min(next, isHeld ? Math.max(at, end) : at)
    if (!isHeld && head.dueAt <= now) due.push(head)
  }
  if (next > now || due.length === 0) return { at: next }
  return { send: due.sort((a, b) => a.number - b.number).slice(0, policy.atOnce) }
}
