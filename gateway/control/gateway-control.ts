import type { ErrorCode } from '../../core/errors.ts'
import type { ClockView } from '../../core/trusted-time/trusted-time.ts'
import type { DeviceId } from '../../core/words.ts'
import type { Fault } from '../../devices/contract/validate.ts'
import type { NewSighting } from '../admit/sight.ts'
import type { Refusal } from '../broker/broker.ts'
import type { KnockList } from '../broker/knocks.ts'
import type { Outcome, ParkedKey } from '../journal/journal.ts'
import type { PictureKey } from '../snapshots/snapshots.ts'

/**
 * What others may ask of the process that devices connect to, which writes the journal. Here it is called
 * directly, from another process over HTTP on loopback (remote-control.ts).
 */
export interface GatewayControl {
  /** Where devices connect, and whether what they send is taken. */
  state(): Promise<GatewayState>
  sessions(): Promise<Connection[]>
  /** The latest refused connections and messages, newest first. */
  refusals(): Promise<Refusal[]>
  /** Who was not let in since the gateway started. */
  knocks(): Promise<KnockList>
  /** Throws PARKED_NOT_FOUND or PARKED_NOT_REPLAYABLE. */
  replay(key: ParkedKey): Promise<Outcome>
  /** Throws PARKED_NOT_FOUND. */
  drop(key: ParkedKey): Promise<void>
  /** Admits history, an outcome for each row. Throws the journal's errors. */
  backfill(rows: readonly BackfillRow[], options: BackfillOptions): Promise<BackfillOutcome[]>
  /**
   * Gives the displays of a site what they are to show, until there is something newer or this process ends.
   * Resolves once the broker has it. Throws API_REQUEST_INVALID where it is longer than `maxAlertBytes`.
   */
  publishAlert(site: string, payload: string): Promise<void>
  /** A person says that the clock of the system is right. Resolves once that is on disk. */
  trustClock(): Promise<ClockView>
  /** Prometheus text. */
  metrics(): Promise<string>
}

export interface GatewayState {
  /** Where devices connect, by the name of the listener; empty before it opens and once it closes. */
  readonly listening: Readonly<Partial<Record<string, { readonly host: string; readonly port: number }>>>
  readonly connected: number
  /** Why the journal takes nothing; absent where it does. */
  readonly refusing?: ErrorCode
  /** Records that each consumer of the journal is behind. */
  readonly lag: Readonly<Record<string, number>>
}

/** A display is a small machine, and every one that comes is sent it. */
export const maxAlertBytes = 65_536

/** What the tagger asks of it. */
export interface PictureControl {
  /** Journals what was seen on snapshots, each once. Resolves once on disk; throws the journal's errors. */
  sight(sightings: readonly NewSighting[]): Promise<void>
  /** Erases originals that have been redacted, or never will be. */
  erase(pictures: readonly PictureKey[]): Promise<void>
}

/** An event from before, as its device would have sent it, and whose it is. */
export interface BackfillRow {
  readonly device: DeviceId
  readonly event: unknown
}

/** `valid` where nothing was to be stored; a fault is nowhere but in the answer: whoever asked has the file. */
export type BackfillOutcome = 'stored' | 'duplicate' | 'valid' | Fault

export interface BackfillOptions {
  /** Only looks at them. */
  readonly dryRun: boolean
  /** They go on to a centre, which believes no time that is older than 31 days. */
  readonly isRelayed: boolean
}

export interface Connection {
  readonly device: DeviceId
  readonly connectedAt: number
  readonly address: string | undefined
}
