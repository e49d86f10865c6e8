import type { ClockView } from '../../core/trusted-time/trusted-time.ts'
import type { HeldDeletion } from '../../ingest/retention/deletions.ts'

/** How the service is, where that takes somebody to act. */
export interface Status {
  readonly clock: ClockView
  /** Deletions of so many rows that somebody has to say that they are meant. */
  readonly heldDeletions: readonly HeldDeletion[]
}

export interface StatusOperations {
  status(): Promise<Status>
  /** Somebody says what time it is, by another clock. Throws CLOCK_DIFFERS where that of the machine says something else. */
  trustClock(said: { readonly at: number }): Promise<ClockView>
}
