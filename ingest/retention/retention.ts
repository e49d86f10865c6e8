import { setTimeout } from 'node:timers/promises'
import { type Clock, dayMs, hourMs } from '../../core/clock.ts'
import { codeOf } from '../../core/errors.ts'
import type { Part } from '../../core/lifecycle.ts'
import { type StoredKind, storedKinds } from '../../devices/contract/kinds.ts'
import type { PlaceFilter, Store } from '../store/store.ts'
import type { Deletion, Deletions, NewDeletion } from './deletions.ts'

/**
 * Days that rows of a kind are kept. Those of a local day go together, once all of it is that old: what is left of a day
 * says something new of who came when to whoever knew the whole. One that is left out is kept for ever.
 */
export type RetentionDays = { readonly [K in StoredKind]?: number | undefined }

export interface RetentionParts {
  readonly store: Pick<Store, 'expire' | 'oldest'>
  readonly deletions: Deletions
  readonly days: RetentionDays
  /** Of the local day that a moment lies in, epoch ms. */
  readonly startOfDay: (ms: number) => number
  readonly clock: Clock
  readonly onDeletion: (deletion: Deletion) => void
  readonly onFault: (error: unknown) => void
}

export interface Retention extends Part {
  /** Everything before a time from a place, of every kind. Rejects with what the store rejects with. */
  erase(of: PlaceFilter, before: number): Promise<Deletion[]>
}

/** Rows are gone at the latest that long after their time is up, while the store can be reached. */
export const retentionEveryMs = hourMs
/** Between two slices: intake and questions come first. */
const pauseMs = 100

/** Lets rows go whose time is up: once an hour, in slices, so that what is written in between waits for one at most. */
export function createRetention(
  { store, deletions, days, startOfDay, clock, onDeletion, onFault }: RetentionParts,
  { everyMs = retentionEveryMs } = {},
): Retention {
  const closing = new AbortController()
  const { signal } = closing
  let loop: Promise<void> = Promise.resolve()

  const pause = (ms: number) => setTimeout(ms, undefined, { signal }).catch(() => {})

  /** Undefined where there is nothing to delete. */
  async function remove(wanted: NewDeletion): Promise<Deletion | undefined> {
    const { kind, before, of } = wanted
    const oldest = await store.oldest(kind)
    if (oldest === undefined || oldest >= before) return undefined
    let deletion = await deletions.begin(wanted)
    while (!signal.aborted) {
      const rows = await store
        .expire({ kind, before, ...(of === undefined ? {} : { of }) })
        .catch(async error => {
          // Nothing was deleted, and nothing ever will be.
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
    if (deletion.rows > 0) onDeletion(deletion)
    return deletion
  }

  async function pass(): Promise<void> {
    for (const kind of storedKinds) {
      const kept = days[kind]
      if (kept === undefined || signal.aborted) continue
      const at = clock()
      try {
        await remove({ kind, before: startOfDay(at - kept * dayMs), why: 'age', at })
      } catch (error) {
        onFault(error)
      }
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await pass()
      await pause(everyMs)
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
