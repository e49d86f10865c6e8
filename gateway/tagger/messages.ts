import type { Regions } from '../../config/regions.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Look } from '../../models/eye.ts'
import type { RedactOptions } from '../../models/redactor.ts'

/** The settings of a worker, as its only argument. */
export interface WorkerSettings {
  readonly manifest?: string
  readonly threads: number
  readonly maxEdgePx: number
}

/** To a worker: the bytes of a picture and what to do with them, under a number that the sender gives. */
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
  /** The worker cannot work at all: the model is missing or wrong. */
  | { readonly kind: 'unfit'; readonly code: ErrorCode | undefined; readonly message: string } // biome-ignore format: one report a line
