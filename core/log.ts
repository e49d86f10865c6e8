import { destination, type Logger, pino } from 'pino'
import { plainJson } from './plain-text.ts'

export type { Logger } from 'pino'

/** JSON lines on standard error, written at once: what was logged before a kill is there. All of it is seen as it is. */
export function createLog(name: string, level: string): Logger {
  const out = destination({ fd: 2, sync: true })
  return pino(
    { name, level, base: { name }, timestamp: () => `,"time":"${new Date().toISOString()}"` },
    { write: line => void out.write(plainJson(line)) },
  )
}
