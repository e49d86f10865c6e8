import { type Clock, minuteMs, secondMs } from '../clock.ts'
import type { Part } from '../lifecycle.ts'
import { Agreement } from './agreement.ts'
import type { ClockFile } from './clock-file.ts'
import { beginLine, type Line, lineAt, look, type Reading, reasonNow, stepMs, trust } from './line.ts'
import type { RunningTime } from './running-time.ts'
import { confirms } from './time-server.ts'
import type { ClockView, TrustedTime } from './trusted-time.ts'

/** Trusted time in the one process that decides whether the clock is in doubt, and writes the line to disk. */
export interface Timekeeper extends TrustedTime, Part {
  /** Notes the newest time that a device, or a gateway for its devices, gave an event of its own. */
  heard(source: string, claimedAt: number): void
  /** Accepts the system clock, because a person says that it is right. Resolves once that is on disk. */
  trust(): Promise<ClockView>
}

export interface TimekeeperParts {
  readonly system: Clock
  readonly running: RunningTime
  readonly file: ClockFile
  /** The latest time noted elsewhere on disk. */
  readonly witnessAt?: number | undefined
  /** The time at which a time server last confirmed the clock of the machine. */
  readonly confirmedAt: () => number | undefined
  /** Called when a doubt begins or ends. */
  readonly onChange: (view: ClockView) => void
  readonly onFault: (error: unknown) => void
}

const lookEveryMs = secondMs
/** A power cut leaves at most this much time unknown. */
const writeEveryMs = minuteMs

export function createTimekeeper(parts: TimekeeperParts): Timekeeper {
  const { system, running, file, confirmedAt, onChange, onFault } = parts
  const agreement = new Agreement()
  const reading = (): Reading => ({ systemAt: system(), upMs: running.upMs(), boot: running.boot })
  let line = begin()
  let isWritten = true
  let writtenUpMs = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined

  /** A time server may have set the clock before this process was started. */
  function begin(): Line {
    const now = reading()
    const begun = beginLine(file.read(), now, parts.witnessAt)
    if (begun.doubt === undefined) return begun
    return look(begun, now, { agrees: confirms(confirmedAt(), begun.doubt, now) })
  }

  async function write(): Promise<void> {
    writtenUpMs = line.upMs
    try {
      await file.write(line)
      isWritten = true
    } catch (error) {
      // Reported once: on a full disk the write is tried again every minute.
      if (isWritten) onFault(error)
      isWritten = false
    }
  }

  function become(next: Line): Promise<void> | undefined {
    const isChange = (next.doubt === undefined) !== (line.doubt === undefined)
    line = next
    if (!isChange) return undefined
    agreement.forget()
    onChange(view())
    return write()
  }

  function lookNow(): void {
    const now = reading()
    const { doubt } = line
    const off = now.systemAt - lineAt(line, now.upMs)
    const agrees = doubt !== undefined && (confirms(confirmedAt(), doubt, now) || agreement.agreesWith(off))
    void become(look(line, now, { agrees }))
    if (line.upMs - writtenUpMs >= writeEveryMs) void write()
  }

  /** Compares each reading with the line, so that a jump of the clock is noticed before the next look. */
  function clock(): number {
    const systemAt = system()
    const at = lineAt(line, running.upMs())
    if (line.doubt === undefined) {
      if (Math.abs(systemAt - at) <= stepMs) return systemAt
      lookNow()
    }
    return Math.floor(at)
  }

  function view(): ClockView {
    const systemAt = system()
    const upMs = running.upMs()
    const { doubt } = line
    if (doubt === undefined) return { state: 'sure', at: systemAt, systemAt }
    const at = lineAt(line, upMs)
    return {
      state: 'in-doubt',
      at: Math.floor(at),
      systemAt,
      why: reasonNow(doubt, systemAt - at),
      doubtForMs: Math.floor(upMs - doubt.sinceUpMs),
    }
  }

  return {
    name: 'timekeeper',
    clock,
    isSure() {
      clock()
      return line.doubt === undefined
    },
    doubtMs: () => line.doubt?.aheadMs ?? 0,
    view() {
      clock()
      return view()
    },
    heard(source, claimedAt) {
      if (line.doubt !== undefined) agreement.heard(source, claimedAt - lineAt(line, running.upMs()))
    },
    async trust() {
      await become(trust(line, reading()))
      if (!isWritten) await write()
      return view()
    },
    async start() {
      await write()
      if (line.doubt !== undefined) onChange(view())
      timer = setInterval(lookNow, lookEveryMs)
    },
    async stop() {
      clearInterval(timer)
      lookNow()
      await write()
    },
  }
}
