import { destination, type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** JSON lines on standard error, written at once: what was logged before a kill is there. */
export function createLog(name: string, level: string): Logger {
  return pino(
    { name, level, base: { name }, timestamp: () => `,"time":"${new Date().toISOString()}"` },
    destination({ fd: 2, sync: true }),
  )
}
