import type { AlertChange } from '../../alerts/book/alerts.ts'
import { viewAlert } from '../operations/alert-view.ts'

/** One change in the form sent to every reader. */
export interface Frame {
  readonly number: number
  /** Absent for an alert about the service itself. */
  readonly site: string | undefined
  readonly bytes: Buffer
}

/** `id` is the number of the change, `event` its kind, `data` the change and the alert after it. JSON contains no line break. */
export function frameOf({ change, alert }: AlertChange): Frame {
  const data = JSON.stringify({ change, alert: viewAlert(alert) })
  const text = `id: ${change.number}\nevent: ${change.what}\ndata: ${data}\n\n`
  return { number: change.number, site: alert.place.site, bytes: Buffer.from(text) }
}

/** An id without data is not an event, but a reader resumes from it: it need not be told of changes that it may not see. */
export const beginning = (position: number, retryMs: number) => `retry: ${retryMs}\nid: ${position}\n\n`
export const heartbeat = (position: number) => `: still here\nid: ${position}\n\n`

/** The changes in between are no longer sent: the reader has to fetch the list again. */
export const resetFrame = (position: number) =>
  `id: ${position}\nevent: reset\ndata: {"position":${position}}\n\n`
