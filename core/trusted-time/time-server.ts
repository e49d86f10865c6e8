import { statSync } from 'node:fs'
import { minuteMs, secondMs } from '../clock.ts'
import type { Doubt, Reading } from './line.ts'

/** systemd-timesyncd touches it whenever a time server has set or confirmed the clock: systemd-timesyncd.service(8). */
export const synchronizedFile = '/run/systemd/timesync/synchronized'

/** timesyncd asks a server at least every 2048 s: timesyncd.conf(5), PollIntervalMaxSec. */
const longestPollMs = 35 * minuteMs
/** The file is touched after the clock was set, and our next look comes a second later at most. */
const slackMs = 10 * secondMs

/** The time at which a time server last confirmed the clock of this machine, by that clock; undefined if unknown. */
export function confirmedAt(path = synchronizedFile): number | undefined {
  try {
    return statSync(path).mtimeMs
  } catch {
    return undefined
  }
}

/** True if a time server confirms the clock as it is now, and not as it was before it was set by hand. */
export function confirms(at: number | undefined, doubt: Doubt, { systemAt }: Reading): boolean {
  if (at === undefined || at > systemAt + slackMs || at < systemAt - longestPollMs) return false
  return doubt.afterStart || at >= doubt.sinceSystemAt - slackMs
}
