import { minuteMs, secondMs } from '../../core/clock.ts'

/**
 * Listening time: milliseconds during which somebody listened. It never steps back, and stands still while the
 * machine was off or its clock was being set, so that a deadline means what it says: an hour without power
 * is not an hour of silence of every door.
 */
export interface Listening {
  readonly now: number
  /** Listening time less the clock's. */
  readonly offset: number
}

/** Records are handed over by several threads; that is no clock that was set back. */
const jitterMs = minuteMs
/** A service that listens says so every second. */
export const deafAfterMs = 30 * secondMs

export const startListening = (clock: number): Listening => ({ now: clock, offset: 0 })

export function listen({ now, offset }: Listening, clock: number): Listening {
  const then = clock + offset
  if (then < now - jitterMs || then > now + deafAfterMs) return { now, offset: now - clock }
  return { now: Math.max(now, then), offset }
}

export const isSetBack = ({ now, offset }: Listening, clock: number) => clock + offset < now - jitterMs

/** A record that was received long before what is known already: one that was parked and is admitted again. */
export const isOld = ({ now, offset }: Listening, receivedAt: number) =>
  receivedAt + offset < now - 5 * minuteMs
