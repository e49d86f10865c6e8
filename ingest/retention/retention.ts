import { setTimeout } from 'node:timers/promises'
import { type Clock, dayMs, hourMs, secondMs } from '../../core/clock.ts'
import { codeOf } from '../../core/errors.ts'
import type { Part } from '../../core/lifecycle.ts'
import { type StoredKind, storedKinds } from '../../devices/contract/kinds.ts'
import type { PlaceFilter, Store } from '../store/store.ts'
import type { Deletion, Deletions, HeldDeletion, NewDeletion } from './deletions.ts'
import { isLarge } from './hold-large.ts'

/**
 * Days for which rows of a kind are kept; a kind left out is kept forever. All rows of a local day are deleted
 * together, once the whole day is old enough: the rest of a partly deleted day would reveal more about who came when to
 * anybody who knew the counts of the whole day.
 */
export type RetentionDays = { readonly [K in StoredKind]?: number | undefined }

export interface RetentionParts {
  readonly store: Pick<Store, 'expire' | 'oldest' | 'countBefore'>
  readonly deletions: Deletions
  readonly days: RetentionDays
  /** Start of the local day that contains a moment, epoch ms. */
  readonly startOfDay: (ms: number) => number
  readonly clock: Clock
  /** False while the clock is in doubt: then no row is deleted because of its age. */
  readonly mayDelete?: () => boolean
  readonly onDeletion: (deletion: Deletion) => void
  /** Called when a deletion is held until somebody allows it. */
  readonly onHeld?: (held: HeldDeletion) => void
  readonly onFault: (error: unknown) => void
}

export interface Retention extends Part {
  /** Deletes everything from a place before a time, of every kind. Rejects as the store does. */
  erase(of: PlaceFilter, before: number): Promise<Deletion[]>
}

/** Rows are deleted at most this long after their time is up, provided the store can be reached. */
export const retentionEveryMs = hourMs
/** Pause between slices: intake and queries come first. */
const pauseMs = 100
/** How often to check whether the clock is certain again, or a held deletion was allowed. */
const heldLookMs = 5 * secondMs
/** An allowance covers the limit that was asked about, and limits up to two days later. */
const allowanceMs = 2 * dayMs

/**
 * Deletes rows whose time is up: once an hour, in slices, so that other writes wait for one slice at most. A deletion
 * is recorded with its number of rows before the first row goes. One of unusually many rows waits until it is allowed,
 * and none begins or continues while the clock is in doubt.
 */
export function createRetention(parts: RetentionParts, { everyMs = retentionEveryMs } = {}): Retention {
  const { store, deletions, days, startOfDay, clock, onDeletion, onFault } = parts
  const { mayDelete = () => true, onHeld = () => {} } = parts
  const closing = new AbortController()
  const { signal } = closing
  let loop: Promise<void> = Promise.resolve()

  const pause = (ms: number) => setTimeout(ms, undefined, { signal }).catch(() => {})

  /** Undefined if nothing is to be deleted, or the deletion is held. */
  async function remove(wanted: NewDeletion): Promise<Deletion | undefined> {
    const { kind, before, of, why } = wanted
    const isByAge = why === 'age'
    const oldest = await store.oldest(kind)
    if (oldest === undefined || oldest >= before) {
      if (isByAge && deletions.heldOf(kind) !== undefined) await deletions.letGo(kind)
      return undefined
    }
    const expected = await store.countBefore({ kind, before, ...(of === undefined ? {} : { of }) })
    if (isByAge && (await isHeld(wanted, expected, oldest))) return undefined
    let deletion = await deletions.begin({ ...wanted, expected })
    while (!signal.aborted && (!isByAge || mayDelete())) {
      const rows = await store
        .expire({ kind, before, ...(of === undefined ? {} : { of }) })
        .catch(async error => {
          // Nothing was deleted, and nothing ever will be: this takes the record back.
          if (codeOf(error) === 'RETENTION_UNSUPPORTED')
            await deletions.keep({ ...deletion, oldestAt: oldest })
          throw error
        })
      if (rows === 0) {
        deletion = { ...deletion, oldestAt: (await store.oldest(kind)) ?? null }
        break
      }
      deletion = { ...deletion, rows: deletion.rows + rows }
      await deletions.keep(deletion)
      await pause(pauseMs)
    }
    await deletions.keep(deletion)
    if (isByAge && deletion.oldestAt !== undefined && deletions.heldOf(kind) !== undefined)
      await deletions.letGo(kind)
    if (deletion.rows > 0) onDeletion(deletion)
    return deletion
  }

  /** True if it must wait until somebody allows it. */
  async function isHeld(
    { kind, before, at }: NewDeletion,
    expected: number,
    oldest: number,
  ): Promise<boolean> {
    const known = deletions.heldOf(kind)
    if (known?.allowed && before <= known.before + allowanceMs) return false
    const of = await store.countBefore({ kind, before: at + 366 * dayMs })
    const last = deletions.latest().get(kind)
    const sinceLastMs = last?.why === 'age' ? Math.max(0, at - last.at) : undefined
    if (!isLarge({ expected, of, spanMs: at - oldest, sinceLastMs })) {
      if (known !== undefined) await deletions.letGo(kind)
      return false
    }
    const held = { kind, before, at: known?.at ?? at, expected, of, allowed: false }
    await deletions.hold(held)
    if (known === undefined || known.allowed) onHeld(held)
    return true
  }

  async function pass(): Promise<void> {
    for (const kind of storedKinds) {
      const kept = days[kind]
      if (kept === undefined || signal.aborted || !mayDelete()) continue
      const at = clock()
      try {
        await remove({ kind, before: startOfDay(at - kept * dayMs), why: 'age', at })
      } catch (error) {
        onFault(error)
      }
    }
  }

  /** Waits an hour, or less if a doubt about the clock ends or a held deletion is allowed. */
  async function pauseUntilDue(): Promise<void> {
    const wasDoubted = !mayDelete()
    const wasHeld = deletions.held().length
    for (let passed = 0; passed < everyMs && !signal.aborted; passed += heldLookMs) {
      await pause(Math.min(heldLookMs, everyMs))
      if ((wasDoubted && mayDelete()) || deletions.held().length < wasHeld) return
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await pass()
      await pauseUntilDue()
    }
  }

  return {
    name: 'retention',
    async start() {
      if (Object.values(days).some(kept => kept !== undefined)) loop = run()
    },
    async stop() {
      closing.abort()
      await loop
    },
    async erase(of, before) {
      const done: Deletion[] = []
      for (const kind of storedKinds) {
        const deletion = await remove({ kind, before, of, why: 'erasure', at: clock() })
        if (deletion !== undefined && deletion.rows > 0) done.push(deletion)
      }
      return done
    },
  }
}
