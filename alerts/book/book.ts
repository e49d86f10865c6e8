import { dayMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { State } from '../../core/state/state.ts'
import type { Finding, FindingPlace, Severity } from '../rules/rule.ts'
import { type Alert, type Change, isClosed } from './alert.ts'
import type { Act, AlertChange, Alerts, Follower } from './alerts.ts'
import {
  afterAct,
  afterFinding,
  afterQuiet,
  type Circumstances,
  type Said,
  subjectOf,
  type Turn,
} from './lifecycle.ts'
import { idIn, listAlerts, timeKey } from './list-alerts.ts'
import { createSnoozes, type QuietOf } from './snoozes.ts'

export interface AlertBookOptions {
  /** IANA zone in which people at the place tell the time. */
  readonly zoneOf: (place: FindingPlace) => string
  /** How long a closed alert and its history are kept. */
  readonly keepDays: number
  /** False while the clock is in doubt: then nothing is deleted because of its age. */
  readonly mayDelete?: () => boolean
}

/** Age and number up to which changes are kept for live streams that resume. */
const feedMs = 7 * dayMs
const maxFeed = 100_000
/** Entries deleted per call, so that nobody waits long for it. */
const forgottenAtOnce = 200
const leastPrefix = 4

const numberKey = (number: number) => String(number).padStart(12, '0')
const historyKey = (alert: string, number: number) => `${alert}/${numberKey(number)}`

/** Most entries by people in one alert's history: it is read as a whole, and sent to everyone who follows it. */
const maxActs = 500

/** Alerts kept in the state, each with an append-only history. One change costs about 40 µs besides the commit. */
export function createAlerts(
  state: State,
  { zoneOf, keepDays, mayDelete = () => true }: AlertBookOptions,
): Alerts {
  const alerts = state.table<Alert>('alert')
  const byTime = state.table<1>('alert-time')
  const open = state.table<Severity>('alert-open')
  const quiet = state.table<1>('alert-quiet')
  /** Id of the latest alert, by subject. */
  const subjects = state.table<string>('alert-subject')
  /** Id of the alert, by each cause recorded so far. */
  const causes = state.table<string>('alert-cause')
  const histories = state.table<Change>('alert-history')
  const feed = state.table<AlertChange>('alert-change')
  const snoozes = createSnoozes(state)
  const followers: Follower[] = []
  const listeners = new Set<(changed: AlertChange) => void>()
  /** Key at which the search for old alerts continues: any number of old ones may still be open. */
  let lookedAt: string | undefined

  const lastChange = () => {
    for (const [key] of feed.entries({ reverse: true, limit: 1 })) return Number(key)
    return 0
  }

  function apply(turn: Turn, now: number): AlertChange | undefined {
    return turn === undefined ? undefined : write(turn.alert, turn.said, now)
  }

  function write(left: Omit<Alert, 'change'>, said: Said, now: number): AlertChange {
    const number = lastChange() + 1
    const alert: Alert = { ...left, change: number }
    const { id } = alert
    const change: Change = { number, alert: id, at: now, ...said }
    alerts.put(id, alert)
    byTime.put(timeKey(alert), 1)
    if (isClosed(alert)) open.remove(timeKey(alert))
    else open.put(timeKey(alert), alert.severity)
    if (alert.quietUntil === undefined) quiet.remove(id)
    else quiet.put(id, 1)
    histories.put(historyKey(id, number), change)
    const changed = { change, alert }
    feed.put(numberKey(number), changed)
    for (const follower of followers) follower.take(changed, now)
    return changed
  }

  function find(id: string): Alert {
    const exact = alerts.get(id)
    if (exact !== undefined) return exact
    const shown = id.slice(0, 64)
    const near =
      id.length < leastPrefix ? [] : [...alerts.entries({ after: id, limit: 2 })].filter(([key]) => key.startsWith(id)) // biome-ignore format: one thing
    if (near.length === 1) return near[0]![1]
    throw new LintelError(
      'ALERT_NOT_FOUND',
      near.length === 0 ? `there is no alert ${shown}` : `several alerts begin with ${shown}: say more of it`,
    )
  }

  function circumstancesOf(finding: Finding, quietOf: QuietOf, now: number): Circumstances {
    const muted = quietOf(finding)
    return { now, zone: zoneOf(finding.place), ...(muted === undefined ? {} : { quiet: muted }) }
  }

  function recordOne(finding: Finding, quietOf: QuietOf, now: number): AlertChange | undefined {
    const subject = subjectOf(finding)
    const latest = subjects.get(subject)
    const known = latest === undefined ? undefined : alerts.get(latest)
    const turn = afterFinding(known, finding, circumstancesOf(finding, quietOf, now))
    if (turn !== undefined && finding.kind === 'raised') {
      const told = `${subject}\n${finding.cause}`
      // This cause was recorded before, whatever has happened since.
      if (causes.get(told) !== undefined) return undefined
      causes.put(told, turn.alert.id)
      subjects.put(subject, turn.alert.id)
    }
    return apply(turn, now)
  }

  const rangeOf = (id: string) => ({ after: `${id}/`, until: `${id}0` })
  const historyOf = (id: string) => [...histories.entries(rangeOf(id))].map(([, change]) => change)

  /** Compares these alerts with the snoozes now in force. */
  function review(ids: Iterable<string>, by: string | undefined, now: number): AlertChange[] {
    const changes: AlertChange[] = []
    const quietOf = snoozes.inForce(now)
    for (const id of ids) {
      const alert = alerts.get(id)!
      if (isClosed(alert)) continue
      const changed = apply(afterQuiet(alert, quietOf(alert), by), now)
      if (changed !== undefined) changes.push(changed)
    }
    return changes
  }
  const openIds = () => [...open.entries()].map(([key]) => idIn(key))
  const quietIds = () => [...quiet.entries()].map(([id]) => id)

  function forget(now: number): void {
    const newest = lastChange()
    for (const [key, { change }] of feed.entries({ limit: forgottenAtOnce })) {
      // The last entry stays: it holds the latest number.
      const isOld = change.at < now - feedMs || change.number <= newest - maxFeed
      if (!isOld || change.number === newest) break
      feed.remove(key)
    }
    const keys = byTime.entries({ limit: forgottenAtOnce, ...(lookedAt === undefined ? {} : { after: lookedAt }) }) // biome-ignore format: one thing
    lookedAt = undefined
    for (const [key] of keys) {
      const alert = alerts.get(idIn(key))!
      if (alert.raisedAt > now - keepDays * dayMs) {
        lookedAt = undefined
        break
      }
      lookedAt = key
      if (isClosed(alert)) drop(alert)
    }
  }

  function drop(alert: Alert): void {
    const { id } = alert
    for (const { number, cause } of historyOf(id)) {
      histories.remove(historyKey(id, number))
      if (cause !== undefined) causes.remove(`${subjectOf({ ...alert, cause })}\n${cause}`)
    }
    byTime.remove(timeKey(alert))
    alerts.remove(id)
    const subject = subjectOf(alert)
    if (subjects.get(subject) === id) subjects.remove(subject)
  }

  /** Resolving is always allowed. */
  function assertRoom({ id, status }: Alert, act: Act): void {
    if (act.do === 'resolve' && status !== 'resolved') return
    if (historyOf(id).filter(({ by }) => by !== undefined).length < maxActs) return
    throw new LintelError('ALERT_FULL', `the alert ${id} has ${maxActs} lines of what people did: resolve it`)
  }

  /** Runs in a transaction of its own; listeners are told once it is durable. */
  async function change<T>(act: () => readonly [T, readonly AlertChange[]]): Promise<T> {
    const [answer, changes] = await state.transact(act)
    published(changes)
    return answer
  }

  function published(changes: readonly AlertChange[]): void {
    for (const changed of changes) for (const listener of listeners) listener(changed)
  }

  return {
    record(findings, now) {
      if (findings.length === 0) return []
      const quietOf = snoozes.inForce(now)
      return findings
        .map(finding => recordOne(finding, quietOf, now))
        .filter(changed => changed !== undefined)
    },
    expire(now) {
      if (mayDelete()) snoozes.expire(now)
      const changes = review(snoozes.begin(now) ? openIds() : quietIds(), undefined, now)
      if (mayDelete()) forget(now)
      return changes
    },
    follow(follower) {
      followers.push(follower)
    },
    published,
    note(id, said, now) {
      const alert = alerts.get(id)
      return alert && write(alert, said, now)
    },

    list: query => listAlerts({ alerts, byTime, open }, query),
    countOpen() {
      const counts = { notice: 0, warning: 0, critical: 0 }
      for (const [, severity] of open.entries()) counts[severity]++
      return counts
    },
    get: find,
    history: id => historyOf(find(id).id),
    act: (id, act, by, now) =>
      change(() => {
        const known = find(id)
        const turn = afterAct(known, act, by, now)
        if (turn !== undefined && turn !== 'closed') assertRoom(known, act)
        if (turn === 'closed')
          throw new LintelError('ALERT_CLOSED', `the alert ${known.id} is ${known.status}: comment on it, or resolve it`) // biome-ignore format: one thing
        const changed = apply(turn, now)
        return [changed?.alert ?? known, changed === undefined ? [] : [changed]]
      }),

    snoozes: snoozes.list,
    snooze: (wanted, by, now) =>
      change(() => {
        const snooze = snoozes.add(wanted, by, now)
        return [snooze, review(openIds(), by, now)]
      }),
    unsnooze: (id, by, now) =>
      change(() => {
        snoozes.remove(id)
        return [undefined, review(quietIds(), by, now)]
      }),

    changesAfter: (number, limit) =>
      [...feed.entries({ after: numberKey(number), limit })].map(([, changed]) => changed),
    lastChange,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
