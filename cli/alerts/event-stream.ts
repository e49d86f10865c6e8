import { createParser } from 'eventsource-parser'

/** One server-sent event; `id` is the last that was said. */
export interface ServerEvent {
  readonly id: string
  readonly event: string
  readonly data: string
}

export interface EventReader {
  /** A new line: what was cut off before is forgotten, how far it was is not. */
  begin(): void
  /** The events that are complete with this text, wherever it was cut. */
  feed(text: string): ServerEvent[]
  /** Where to go on from. */
  lastId(): string | undefined
  retryMs(): number | undefined
}

/** Reads server-sent events. */
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
