/** How often a process of the service was started again since the supervisor began, and how often because it hung. */
export interface Restarts {
  readonly ended: number
  readonly hung: number
}

/**
 * What the supervisor tells a process of the service: first its settings, then again and again that it wants an answer, and
 * the configuration where it is read again.
 */
export type FromSupervisor<C = unknown> =
  | { readonly kind: 'settings'; readonly settings: unknown }
  | { readonly kind: 'reload'; readonly config: C }
  | { readonly kind: 'ping'; readonly restarts: Readonly<Record<string, Restarts>> }

/** What a process tells its supervisor: that it lives, that it does its work, or why it cannot start. */
export type FromProcess =
  | { readonly kind: 'pong' }
  | { readonly kind: 'ready'; readonly ready: Record<string, unknown> }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string }
