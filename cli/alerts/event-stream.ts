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

/** Reads server-sent events. (WHATWG HTML, 9.2.6; a line ends with LF or CRLF.) */
export function createEventReader(lastId?: string): EventReader {
  let rest = ''
  let id = lastId
  /** Of the event that is being read: one that is cut off has not been. */
  let said = lastId
  let retryMs: number | undefined
  let event = ''
  let data: string[] = []

  function take(line: string): ServerEvent | undefined {
    if (line === '') {
      id = said
      const done = data.length === 0 ? undefined : { id: id ?? '', event: event || 'message', data: data.join('\n') } // biome-ignore format: one thing
      event = ''
      data = []
      return done
    }
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!
    if (name === 'data') data.push(value)
    else if (name === 'event') event = value
    else if (name === 'id') said = value
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) retryMs = Number(value)
    return undefined
  }

  return {
    begin() {
      rest = ''
      event = ''
      data = []
      said = id
    },
    feed(text) {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      return lines.map(line => take(line.replace(/\r$/, ''))).filter(done => done !== undefined)
    },
    lastId: () => id,
    retryMs: () => retryMs,
  }
}
