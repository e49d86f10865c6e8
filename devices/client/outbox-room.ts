import { LintelError } from '../../core/errors.ts'
import type { MessageKind, OutboxCounters, OutboxLimits } from './outbox.ts'

const snapshotShare = 0.75

interface Weight {
  records: number
  bytes: number
}

/** Tracks how full an outbox is, and applies its policy at the limit: the same for every adapter. */
export interface Room {
  /**
   * Makes room for one message of `bytes`. Calls `dropOldestHealth`, which returns the bytes dropped, as often as needed.
   * Throws OUTBOX_FULL, and then has dropped nothing.
   */
  make(kind: MessageKind, bytes: number, dropOldestHealth: () => number): void
  added(kind: MessageKind, bytes: number): void
  removed(kind: MessageKind, bytes: number): void
  size(): number
  bytes(): number
  counters(): OutboxCounters
  /** The state before a transaction. If that fails, `restore` brings the state back. */
  save(): RoomState
  restore(state: RoomState): void
}

interface RoomState {
  all: Weight
  health: Weight
  counts: { refusedSnapshots: number; droppedHealth: number; refusedEvents: number }
}

export function createRoom(limits: OutboxLimits): Room {
  let state: RoomState = {
    all: { records: 0, bytes: 0 },
    health: { records: 0, bytes: 0 },
    counts: { refusedSnapshots: 0, droppedHealth: 0, refusedEvents: 0 },
  }

  const fits = (bytes: number, share: number, spared: Weight = { records: 0, bytes: 0 }) =>
    state.all.records - spared.records + 1 <= limits.records * share &&
    state.all.bytes - spared.bytes + bytes <= limits.bytes * share

  function change(kind: MessageKind, records: number, bytes: number): void {
    state.all.records += records
    state.all.bytes += bytes
    if (kind !== 'health') return
    state.health.records += records
    state.health.bytes += bytes
  }

  return {
    make(kind, bytes, dropOldestHealth) {
      if (kind === 'snapshot') {
        if (fits(bytes, snapshotShare)) return
        state.counts.refusedSnapshots++
        throw new LintelError('OUTBOX_FULL', 'the outbox has no room for another snapshot')
      }
      if (!fits(bytes, 1, state.health)) {
        state.counts.refusedEvents++
        throw new LintelError('OUTBOX_FULL', 'the outbox has no room for another event')
      }
      while (!fits(bytes, 1)) {
        change('health', -1, -dropOldestHealth())
        state.counts.droppedHealth++
      }
    },
    added: (kind, bytes) => change(kind, 1, bytes),
    removed: (kind, bytes) => change(kind, -1, -bytes),
    size: () => state.all.records,
    bytes: () => state.all.bytes,
    counters: () => ({ ...state.counts }),
    save: () => structuredClone(state),
    restore(saved) {
      state = saved
    },
  }
}
