/** The restarts of a process since the supervisor began: `ended` counts all of them, `hung` those of a process that hung. */
export interface Restarts {
  readonly ended: number
  readonly hung: number
}

/**
 * Messages of the supervisor to a process: first its settings, then pings again and again, and the configuration whenever
 * it is reloaded.
 */
export type FromSupervisor<C = unknown> =
  | { readonly kind: 'settings'; readonly settings: unknown }
  | { readonly kind: 'reload'; readonly config: C }
  | { readonly kind: 'ping'; readonly restarts: Readonly<Record<string, Restarts>> }

/** Messages of a process to its supervisor: it is alive, it is ready, or why it cannot start. */
export type FromProcess =
  | { readonly kind: 'pong' }
  | { readonly kind: 'ready'; readonly ready: Record<string, unknown> }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string }
