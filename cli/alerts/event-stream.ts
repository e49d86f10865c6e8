import { createParser } from 'eventsource-parser'

/** One server-sent event; `id` is the last one received. */
export interface ServerEvent {
  readonly id: string
  readonly event: string
  readonly data: string
}

export interface EventReader {
  /** Call for a new connection: drops what was cut off, but keeps the last id. */
  begin(): void
  /** Returns the events that this text completes, wherever it was cut. */
  feed(text: string): ServerEvent[]
  /** Id from which to resume. */
  lastId(): string | undefined
  retryMs(): number | undefined
}

/** Parses server-sent events. */
export function createEventReader(lastId?: string): EventReader {
  let id = lastId
  let retryMs: number | undefined
  let complete: ServerEvent[] = []
  const parser = createParser({
    onId(said) {
      id = said
    },
    onRetry(ms) {
      retryMs = ms
    },
    onEvent({ event = 'message', data }) {
      complete.push({ id: id ?? '', event, data })
    },
  })
  return {
    begin: () => parser.reset(),
    feed(text) {
      complete = []
      parser.feed(text)
      return complete
    },
    lastId: () => id,
    retryMs: () => retryMs,
  }
}
