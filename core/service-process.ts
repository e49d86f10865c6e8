import { whenDamaged } from './damage.ts'
import { codeOf, messageOf } from './errors.ts'
import type { Running } from './lifecycle.ts'
import type { Logger } from './log.ts'

/** Exit codes: 78 (EX_CONFIG of sysexits.h) says that starting again will not help, 65 (EX_DATAERR) that a data file is damaged. */
export const exitCodes = { ok: 0, failed: 1, damaged: 65, config: 78 } as const

const stopTimeoutMs = 15_000

/** What a child tells its supervisor once it does its work. */
export interface Ready {
  readonly ready: Record<string, unknown>
}

/** What it tells when it cannot start, of its own errors. */
export interface Failed {
  readonly failed: string
}

/**
 * Runs one process of the service: starts it, tells the supervisor, and stops it in order on SIGTERM,
 * SIGINT or when the supervisor is gone.
 */
export async function runService(
  log: Logger,
  start: () => Promise<{ running: Running; ready: Record<string, unknown> }>,
): Promise<void> {
  let running: Running | undefined
  let stopping = false

  const stop = async (why: string) => {
    if (stopping) return
    stopping = true
    log.info({ why }, 'stopping')
    setTimeout(() => process.exit(exitCodes.failed), stopTimeoutMs).unref()
    try {
      await running?.stop()
      process.exit(exitCodes.ok)
    } catch (error) {
      log.error({ error: messageOf(error) }, 'did not stop cleanly')
      process.exit(exitCodes.failed)
    }
  }
  whenDamaged(error => {
    log.fatal({ code: error.code, error: error.message }, 'a data file is damaged')
    process.exit(exitCodes.damaged)
  })
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  process.on('disconnect', () => stop('the supervisor is gone'))

  try {
    const started = await start()
    running = started.running
    log.info(started.ready, 'ready')
    if (stopping) await running.stop()
    process.send?.({ ready: started.ready } satisfies Ready)
  } catch (error) {
    const code = codeOf(error)
    log.fatal({ code, error: messageOf(error) }, 'could not start')
    const exit = () =>
      process.exit(code === 'CONFIG_INVALID' || code === 'DATA_VERSION' ? exitCodes.config : exitCodes.failed)
    if (process.send === undefined || code === undefined) exit()
    else process.send({ failed: `${code}: ${messageOf(error)}` } satisfies Failed, exit)
  }
}
