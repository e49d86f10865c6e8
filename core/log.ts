import { destination, type Logger, pino } from 'pino'
import { plainJson } from './plain-text.ts'

export type { Logger } from 'pino'

/** Lines that could not be written, such as to a file on a full disk, wait up to this; then the newest are dropped. */
const maxWaitingBytes = 1024 * 1024

/** JSON lines on standard error, written at once: what was logged before a kill is there. All of it is seen as it is. */
export function createLog(name: string, level: string): Logger {
  const lines = destination({ fd: 2, sync: true, maxLength: maxWaitingBytes })
  // A log that cannot be written ends no process.
  lines.on('error', () => {})
  return pino(
    { name, level, base: { name }, timestamp: () => `,"time":"${new Date().toISOString()}"` },
    { write: line => void lines.write(plainJson(line)) },
  )
}
