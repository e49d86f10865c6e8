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
 * Requests to the process that devices connect to, which writes the journal. Inside that process it is called directly,
 * from another process over HTTP on loopback (remote-control.ts).
 */
export interface GatewayControl {
  /** The addresses at which devices connect, and whether the journal takes what they send. */
  state(): Promise<GatewayState>
  sessions(): Promise<Connection[]>
  /** The latest refused connections and messages, newest first. */
  refusals(): Promise<Refusal[]>
  /** Clients that were refused since the gateway started, and not let in since. */
  knocks(): Promise<KnockList>
  /** Throws PARKED_NOT_FOUND or PARKED_NOT_REPLAYABLE. */
  replay(key: ParkedKey): Promise<Outcome>
  /** Throws PARKED_NOT_FOUND. */
  drop(key: ParkedKey): Promise<void>
  /** Admits history, and returns an outcome for each row. Throws the journal's errors. */
  backfill(rows: readonly BackfillRow[], options: BackfillOptions): Promise<BackfillOutcome[]>
  /**
   * Publishes what the displays of a site are to show, until there is something newer or this process ends. Resolves once
   * the broker has it. Throws API_REQUEST_INVALID if it is longer than `maxAlertBytes`.
   */
  publishAlert(site: string, payload: string): Promise<void>
  /** Accepts the system clock, because a person says that it is right. Resolves once that is on disk. */
  trustClock(): Promise<ClockView>
  /** Prometheus text. */
  metrics(): Promise<string>
}

export interface GatewayState {
  /** The addresses at which devices connect, by the name of the listener; empty before it opens and once it closes. */
  readonly listening: Readonly<Partial<Record<string, { readonly host: string; readonly port: number }>>>
  readonly connected: number
  /** The reason why the journal takes nothing; absent if it does. */
  readonly refusing?: ErrorCode
  /** Number of records that each consumer of the journal is behind. */
  readonly lag: Readonly<Record<string, number>>
}

/** A display is a small machine, and each display that connects is sent this. */
export const maxAlertBytes = 65_536

/** Requests of the tagger. */
export interface PictureControl {
  /** Journals sightings of snapshots, each once. Resolves once on disk; throws the journal's errors. */
  sight(sightings: readonly NewSighting[]): Promise<void>
  /** Erases originals that have been redacted, or never will be. */
  erase(pictures: readonly PictureKey[]): Promise<void>
}

/** A past event as its device would have sent it, and the device. */
export interface BackfillRow {
  readonly device: DeviceId
  readonly event: unknown
}

/** `valid` if nothing was to be stored. A fault is only in the answer: the caller has the file. */
export type BackfillOutcome = 'stored' | 'duplicate' | 'valid' | Fault

export interface BackfillOptions {
  /** Only checks the rows. */
  readonly dryRun: boolean
  /** The events go on to a centre, which accepts no time that is older than 31 days. */
  readonly isRelayed: boolean
}

export interface Connection {
  readonly device: DeviceId
  readonly connectedAt: number
  readonly address: string | undefined
}
