import { dayMs, minuteMs } from '../../core/clock.ts'

/** A moment in local time. */
export interface LocalMinute {
  /** 0 is Sunday. */
  readonly weekday: number
  /** Minute of the day, 0 to 1439. */
  readonly minute: number
}

export function localMinute(ms: number, zone: string): LocalMinute {
  const local = ms + offsetMs(ms, zone)
  return {
    // 1 January 1970 was a Thursday.
    weekday: (((Math.floor(local / dayMs) + 4) % 7) + 7) % 7,
    minute: Math.floor((((local % dayMs) + dayMs) % dayMs) / minuteMs),
  }
}

/** The local day, counted from 1 January 1970. */
export const localDay = (ms: number, zone: string): number => Math.floor((ms + offsetMs(ms, zone)) / dayMs)

const formats = new Map<string, Intl.DateTimeFormat>()
const stepMs = 15 * minuteMs
let lastStep = Number.NaN
let lastZone = ''
let lastOffset = 0

/** The offset to add to UTC. Offsets change only at quarters of an hour, and asking takes microseconds, so the last is kept. */
function offsetMs(ms: number, zone: string): number {
  const step = Math.floor(ms / stepMs)
  if (step === lastStep && zone === lastZone) return lastOffset
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset', year: 'numeric' })
    formats.set(zone, format)
  }
  const name = format.formatToParts(step * stepMs).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? ['', '+', '0', '0']
  lastStep = step
  lastZone = zone
  lastOffset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * minuteMs
  return lastOffset
}
