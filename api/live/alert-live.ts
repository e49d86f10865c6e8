import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AlertChange, Alerts } from '../../alerts/book/alerts.ts'
import { beginning, type Frame, frameOf, heartbeat, resetFrame } from './frames.ts'

export interface LiveOptions {
  readonly maxReaders: number
  /** Of one account or token, so that a page that leaks connections keeps nobody else out. */
  readonly maxOfOne: number
  /** What waits for one reader in this process; what is beyond it is read from the feed once it is taken. */
  readonly maxBufferedBytes: number
  /** One that is further behind is told to ask for the list anew, or cut where it reads too slowly. */
  readonly maxBehind: number
  /** Kept as they go out, for those who are a little behind. */
  readonly maxRecent: number
  readonly retryMs: number
  readonly tickMs: number
  /** In ticks. */
  readonly heartbeatEvery: number
  readonly recheckEvery: number
  /** One that takes nothing for so long is cut. */
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

/** The part of a `ServerResponse` that is used. */
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
  /** Whether it may be told of this place. */
  readonly sees: (site: string | undefined) => boolean
  /** The number of the last change that it has; NaN where it says something else. */
  readonly after: number | undefined
  /** Begins the answer. */
  readonly open: () => Outlet
  /** Asked now and then: false ends it. */
  readonly mayStay: () => Promise<boolean>
}

interface Reader extends NewReader {
  readonly outlet: Outlet
  position: number
  /** It has all there is, and is told the next at once. */
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
  /** False where there are too many already. */
  join(reader: NewReader): boolean
  stats(): LiveStats
  stop(): void
}

/**
 * Each change to all who read, from the moment it is durable. One that is behind reads on from the feed at its own
 * pace, so nothing grows with it; one that takes nothing is cut, and comes back with the id of what it had.
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
  /** What comes next of the feed; none where this reader has it all. */
  function framesAfter(position: number): Frame[] {
    const next = recent.get(position + 1)
    return next === undefined ? alerts.changesAfter(position, pageSize).map(frameOf) : [next]
  }

  /** Written no faster than it is taken. */
  async function catchUp(reader: Reader): Promise<void> {
    reader.upToDate = false
    while (!reader.gone) {
      const frames = framesAfter(reader.position)
      // What was told must be seen by this turn's read before the next is told at once.
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
    // What cannot be looked up ends nothing.
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
