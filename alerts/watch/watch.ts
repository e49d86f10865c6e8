import { type Backoff, backoffMs } from '../../core/backoff.ts'
import { type Clock, secondMs } from '../../core/clock.ts'
import type { Cursors } from '../../core/cursors.ts'
import { Durations } from '../../core/durations.ts'
import type { Part } from '../../core/lifecycle.ts'
import { createLoop } from '../../core/loop.ts'
import type { Seq } from '../../core/words.ts'
import type { AlertChange, Alerts } from '../book/alerts.ts'
import type { Finding } from '../rules/rule.ts'
import type { FlowStats } from '../unusual/flow-watch.ts'
import { openWatching, type Watching, type WatchingParts } from './watching.ts'

/** Name of this consumer's cursor. */
export const watchConsumer = 'watch'

export interface WatchOptions {
  /** How often the journal is polled. Adds half of this, on average, to the time until an alert. */
  readonly paceMs: number
  /** Records per turn of the event loop: 5 ms. */
  readonly batchRecords: number
  /** How often changes are saved if nothing is found: after a kill, the records since then are only read again. */
  readonly saveEveryMs: number
  /** Save as soon as this many devices and points have changed, because saving blocks the event loop: 10 ms. */
  readonly saveUnits: number
  readonly retry: Backoff
}

export const watchDefaults: WatchOptions = {
  paceMs: 50,
  batchRecords: 500,
  saveEveryMs: 5 * secondMs,
  saveUnits: 1000,
  retry: { firstMs: 200, maxMs: 30_000 },
}

export interface WatchParts extends WatchingParts {
  readonly cursors: Cursors
  readonly alerts: Alerts
  readonly clock: Clock
  readonly random: () => number
  onFault(error: unknown): void
}

export interface WatchStats {
  readonly position: Seq
  readonly findings: number
  readonly saves: number
  readonly failures: number
  readonly units: number
  readonly refused: number
  /** Statistics of flow; absent until the watch has begun. */
  readonly flow?: FlowStats
  /** Time from receiving the record that decided an alert, or from its deadline, until it is told. */
  readonly delays: Durations
  /** Longest time that one piece of work blocked the event loop, ms. */
  readonly longestMs: number
}

const expireEveryMs = 5 * secondMs

/**
 * Follows the journal and turns the findings of the rules into alerts. Rule states, position and alerts are saved in
 * one transaction, and nobody is told before it is durable, so a kill at any moment loses and duplicates nothing. It
 * does not depend on the database.
 */
export function createWatch(parts: WatchParts, options = watchDefaults): Part & { stats(): WatchStats } {
  const { journal, state, cursors, alerts, clock, onFault } = parts
  let watching: Watching | undefined
  let savedAt = 0
  let expiredAt = 0
  let findings = 0
  let saves = 0
  let failures = 0
  let longestMs = 0
  const delays = new Durations()
  let failed = 0
  /** Changes that could not be saved because the disk refused them. Saving is tried again, and nothing is read until it succeeds. */
  let pending: { readonly found: readonly Finding[]; write(): void } | undefined

  function timed<T>(work: () => T): T {
    const began = performance.now()
    try {
      return work()
    } finally {
      longestMs = Math.max(longestMs, performance.now() - began)
    }
  }

  /** If the journal is an older copy, everything after its end is new, whatever its position. */
  const open = () => openWatching(parts, Math.min(cursors.get(watchConsumer), journal.end()))

  const isDue = (at: Watching, now: number) =>
    at.hasFound() || at.unsaved() >= options.saveUnits || Math.abs(now - savedAt) >= options.saveEveryMs

  async function save(at: Watching, now: number): Promise<void> {
    savedAt = now
    const position = at.position()
    const found = at.takeFound()
    const write = timed(at.takeChanged)
    pending = {
      found,
      write() {
        write()
        cursors.move(watchConsumer, position)
      },
    }
    await commit(pending, now)
  }

  async function commit({ found, write }: NonNullable<typeof pending>, now: number): Promise<void> {
    const isExpiring = Math.abs(now - expiredAt) >= expireEveryMs
    const changes = await state.transact(() =>
      timed((): AlertChange[] => {
        write()
        return [...alerts.record(found, now), ...(isExpiring ? alerts.expire(now) : [])]
      }),
    )
    pending = undefined
    if (isExpiring) expiredAt = now
    saves++
    findings += found.length
    alerts.published(changes)
    const toldAt = clock()
    for (const { kind, receivedAt } of found) if (kind === 'raised') delays.observe(toldAt - receivedAt)
  }

  /** Resolves to true if there is more to do at once. */
  async function step(): Promise<boolean> {
    const now = clock()
    if (pending !== undefined) await commit(pending, now)
    watching ??= timed(open)
    const at = watching
    const isMore = timed(() => at.read(options.batchRecords, now))
    if (!isMore) timed(() => at.look(now))
    if (isDue(at, now)) await save(at, now)
    if (isMore) return true
    const judged = timed(() => at.judge(now))
    if (judged === undefined) return false
    pending = { found: judged.findings, write: judged.save }
    await commit(pending, now)
    return true
  }

  const loop = createLoop('watch', async () => {
    try {
      const isMore = await step()
      failed = 0
      return isMore ? 0 : options.paceMs
    } catch (error) {
      failures++
      onFault(error)
      if (pending === undefined) watching = undefined
      return backoffMs(++failed, options.retry, parts.random())
    }
  })

  async function finish(): Promise<void> {
    if (pending !== undefined) await commit(pending, clock())
    if (watching !== undefined) await save(watching, clock())
    watching = undefined
  }

  return {
    ...loop,
    async stop() {
      await loop.stop()
      await finish().catch(onFault)
    },
    stats() {
      const { units = 0, refused = 0, flow } = watching?.stats() ?? {}
      const known = { position: watching?.position() ?? 0, units, refused, ...(flow && { flow }) }
      return { ...known, findings, saves, failures, longestMs, delays }
    },
  }
}
