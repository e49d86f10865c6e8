import type { Regions } from '../../config/regions.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Look } from '../../models/eye.ts'
import type { RedactOptions } from '../../models/redactor.ts'

/** What a worker is started with, as its one argument. */
export interface WorkerSettings {
  readonly manifest?: string
  readonly threads: number
  readonly maxEdgePx: number
}

/** To a worker: bytes of a picture and what is to be done with them, under a number of the sender's. */
export type Task = LookTask | RedactTask

export interface LookTask {
  readonly kind: 'look'
  readonly id: number
  readonly picture: Uint8Array
  readonly regions?: Regions
  readonly compareTurns?: boolean
}

export interface RedactTask {
  readonly kind: 'redact'
  readonly id: number
  readonly picture: Uint8Array
  readonly options: RedactOptions
}

/** From a worker: `ready` once, then an answer to each task. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'seen'; readonly id: number; readonly look: Look; readonly rssBytes: number }
  | { readonly kind: 'redacted'; readonly id: number; readonly jpeg: Uint8Array; readonly rssBytes: number }
  | { readonly kind: 'fault'; readonly id: number; readonly code: ErrorCode; readonly message: string; readonly rssBytes: number }
  /** It cannot work at all: the model is missing or wrong. */
  | { readonly kind: 'unfit'; readonly code: ErrorCode | undefined; readonly message: string } // biome-ignore format: one report a line
