import { destination, type Logger, pino } from 'pino'
import { plainJson } from './plain-text.ts'

export type { Logger } from 'pino'

/** Most bytes of lines that wait because they cannot be written, as on a full disk; beyond it the newest lines are dropped. */
const maxWaitingBytes = 1024 * 1024

/** JSON lines on standard error, written synchronously: a kill loses no line. Invisible characters are escaped. */
export function createLog(name: string, level: string): Logger {
  const lines = destination({ fd: 2, sync: true, maxLength: maxWaitingBytes })
  // A log that cannot be written must not end the process.
  lines.on('error', () => {})
  return pino(
    { name, level, base: { name }, timestamp: () => `,"time":"${new Date().toISOString()}"` },
    { write: line => void lines.write(plainJson(line)) },
  )
}
