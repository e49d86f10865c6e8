import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AlertChange, Alerts } from '../../alerts/book/alerts.ts'
import { beginning, type Frame, frameOf, heartbeat, resetFrame } from './frames.ts'

export interface LiveOptions {
  readonly maxReaders: number
  /** Per account or token, so that a page that leaks connections does not exclude others. */
  readonly maxOfOne: number
  /** Most bytes buffered for one reader in this process; what exceeds it is read from the feed later. */
  readonly maxBufferedBytes: number
  /** A reader further behind is told to fetch the list again, or cut if it reads too slowly. */
  readonly maxBehind: number
  /** Most frames kept for readers that are slightly behind. */
  readonly maxRecent: number
  readonly retryMs: number
  readonly tickMs: number
  /** In ticks. */
  readonly heartbeatEvery: number
  readonly recheckEvery: number
  /** Ticks without progress after which a reader is cut. */
  readonly patience: number
}

export const liveDefaults: LiveOptions = {
  maxReaders: 200,
  maxOfOne: 40,
  maxBufferedBytes: 256 * 1024,
  maxBehind: 5000,
  maxRecent: 1000,
  retryMs: 2000,
  tickMs: 1000,
  heartbeatEvery: 15,
  recheckEvery: 2,
  patience: 10,
}

/** The part of `ServerResponse` that is used here. */
export interface Outlet {
  write(bytes: Uint8Array | string): boolean
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  end(): unknown
  destroy(): unknown
  once(event: 'drain' | 'close', then: () => void): unknown
  off(event: 'drain' | 'close', then: () => void): unknown
}

export interface NewReader {
  /** Account or token. */
  readonly name: string
  /** True if the reader may be told of this place. */
  readonly sees: (site: string | undefined) => boolean
  /** Number of the last change the reader has; NaN if it sent something else. */
  readonly after: number | undefined
  /** Begins the answer. */
  readonly open: () => Outlet
  /** Called now and then: false ends the stream. */
  readonly mayStay: () => Promise<boolean>
}

interface Reader extends NewReader {
  readonly outlet: Outlet
  position: number
  /** The reader has everything, and gets the next change immediately. */
  upToDate: boolean
  gone: boolean
  stalled: number
}

export interface LiveStats {
  readonly readers: number
  readonly behind: number
  readonly cutSlow: number
  readonly cutRevoked: number
  readonly refused: number
}

export interface AlertLive {
  /** False if there are too many readers. */
  join(reader: NewReader): boolean
  stats(): LiveStats
  stop(): void
}

/**
 * Sends each change to all readers, as soon as it is durable. A reader that is behind continues from the feed at its
 * own pace, so nothing grows because of it. One that takes nothing is cut, and reconnects with the id of what it had.
 */
export function createAlertLive(alerts: Alerts, options: LiveOptions = liveDefaults): AlertLive {
  const readers = new Set<Reader>()
  const recent = new Map<number, Frame>()
  const counts = { cutSlow: 0, cutRevoked: 0, refused: 0 }
  let told = alerts.lastChange()
  let ticks = 0
  const ticking = setInterval(tick, options.tickMs)
  ticking.unref()

  const stopListening = alerts.listen(changed => {
    told = changed.change.number
    if (readers.size === 0) return
    const frame = remember(changed)
    for (const reader of readers) {
      if (!reader.upToDate) continue
      if (reader.outlet.writableLength <= options.maxBufferedBytes) pass(reader, frame)
      else void catchUp(reader)
    }
  })

  function remember(changed: AlertChange): Frame {
    const frame = frameOf(changed)
    recent.set(frame.number, frame)
    if (recent.size > options.maxRecent) recent.delete(recent.keys().next().value!)
    return frame
  }

  function pass(reader: Reader, frame: Frame): void {
    if (frame.number <= reader.position) return
    reader.position = frame.number
    if (reader.sees(frame.site)) reader.outlet.write(frame.bytes)
  }

  const pageSize = 200
  /** The next frames from the feed; empty if the reader has everything. */
  function framesAfter(position: number): Frame[] {
    const next = recent.get(position + 1)
    return next === undefined ? alerts.changesAfter(position, pageSize).map(frameOf) : [next]
  }

  /** Writes no faster than the reader takes. */
  async function catchUp(reader: Reader): Promise<void> {
    reader.upToDate = false
    while (!reader.gone) {
      const frames = framesAfter(reader.position)
      // Only mark the reader up to date when it has read every announced change; otherwise the next one would overtake them.
      if (frames.length === 0 && reader.position >= told) {
        reader.upToDate = true
        return
      }
      for (const frame of frames) {
        pass(reader, frame)
        if (reader.outlet.writableNeedDrain) await drained(reader)
        if (reader.gone) return
      }
      if (frames.length !== 1) await nextTurn()
    }
  }

  function drained({ outlet }: Reader): Promise<void> {
    return new Promise(resolve => {
      const then = () => {
        outlet.off('drain', then)
        outlet.off('close', then)
        resolve()
      }
      outlet.once('drain', then)
      outlet.once('close', then)
    })
  }

  function isKept(after: number): boolean {
    if (!(after <= told && told - after <= options.maxBehind)) return false
    return after === told || alerts.changesAfter(after, 1)[0]?.change.number === after + 1
  }

  function cut(reader: Reader, why: 'cutSlow' | 'cutRevoked'): void {
    counts[why]++
    leave(reader)
    reader.outlet.destroy()
  }
  function leave(reader: Reader): void {
    reader.gone = true
    readers.delete(reader)
  }

  function tick(): void {
    ticks++
    for (const reader of readers) {
      const { outlet, position } = reader
      reader.stalled = outlet.writableNeedDrain ? reader.stalled + 1 : 0
      if (reader.stalled >= options.patience || told - position > options.maxBehind) cut(reader, 'cutSlow')
      else if (ticks % options.heartbeatEvery === 0 && !outlet.writableNeedDrain)
        outlet.write(heartbeat(position))
      if (ticks % options.recheckEvery === 0) void recheck(reader)
    }
  }

  async function recheck(reader: Reader): Promise<void> {
    // A failed lookup does not end a stream.
    const may = await reader.mayStay().catch(() => true)
    if (!may && !reader.gone) cut(reader, 'cutRevoked')
  }

  return {
    join(wanted) {
      const ofOne = [...readers].filter(({ name }) => name === wanted.name).length
      if (readers.size >= options.maxReaders || ofOne >= options.maxOfOne) {
        counts.refused++
        return false
      }
      const { after } = wanted
      const outlet = wanted.open()
      const isReset = after !== undefined && !isKept(after)
      const position = after === undefined || isReset ? told : after
      const reader: Reader = { ...wanted, outlet, position, upToDate: true, gone: false, stalled: 0 }
      readers.add(reader)
      outlet.once('close', () => leave(reader))
      outlet.write(beginning(position, options.retryMs))
      if (isReset) outlet.write(resetFrame(position))
      if (position < told) void catchUp(reader)
      return true
    },
    stats: () => ({
      readers: readers.size,
      behind: [...readers].filter(({ upToDate }) => !upToDate).length,
      ...counts,
    }),
    stop() {
      clearInterval(ticking)
      stopListening()
      for (const reader of [...readers]) {
        leave(reader)
        reader.outlet.end()
      }
    },
  }
}
