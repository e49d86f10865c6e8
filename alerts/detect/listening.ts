import { minuteMs, secondMs } from '../../core/clock.ts'

/**
 * Listening time: milliseconds during which the service was listening. It never steps back, and stands still while the
 * machine was off or its clock was being set. So an hour without power does not count as an hour of silence at every
 * door.
 */
export interface Listening {
  readonly now: number
  /** Listening time minus clock time. */
  readonly offset: number
}

/** Several threads deliver records, so a step back this small does not mean the clock was set back. */
const jitterMs = minuteMs
/** A listening service reports every second; after a gap this long it counts as having been deaf. */
export const deafAfterMs = 30 * secondMs

export const startListening = (clock: number): Listening => ({ now: clock, offset: 0 })

export function listen({ now, offset }: Listening, clock: number): Listening {
  const then = clock + offset
  if (then < now - jitterMs || then > now + deafAfterMs) return { now, offset: now - clock }
  return { now: Math.max(now, then), offset }
}

export const isSetBack = ({ now, offset }: Listening, clock: number) => clock + offset < now - jitterMs

/** A record received long before the present: it was parked and has been admitted again. */
export const isOld = ({ now, offset }: Listening, receivedAt: number) =>
  receivedAt + offset < now - 5 * minuteMs
