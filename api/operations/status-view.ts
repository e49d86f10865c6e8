import type { ClockView } from '../../core/trusted-time/trusted-time.ts'
import type { HeldDeletion } from '../../ingest/retention/deletions.ts'

/** State of the service, as far as somebody has to act on it. */
export interface Status {
  readonly clock: ClockView
  /** Deletions of so many rows that somebody has to confirm them. */
  readonly heldDeletions: readonly HeldDeletion[]
}

export interface StatusOperations {
  status(): Promise<Status>
  /** Somebody confirms the time by another clock. Throws CLOCK_DIFFERS if the machine's clock differs. */
  trustClock(said: { readonly at: number }): Promise<ClockView>
}
