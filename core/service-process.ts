import { whenDamaged } from './damage.ts'
import { codeOf, LintelError, messageOf } from './errors.ts'
import { exitCodeOf, exitCodes, isEndOfProcess } from './exits.ts'
import { createFaultLog } from './fault-log.ts'
import type { Running } from './lifecycle.ts'
import { createLog, type Logger } from './log.ts'
import type { FromProcess, FromSupervisor, Restarts } from './service-messages.ts'
import { endOnUnexpected } from './unexpected.ts'

const stopTimeoutMs = 15_000

/** The part of the configuration that this folder uses. */
interface Logged {
  readonly log: { readonly level: string }
}

export interface ServiceProcess<S extends { readonly config: Logged }> {
  /** The settings that the supervisor sent. */
  readonly settings: S
  readonly log: Logger
  /** Reports a fault that no caller waits for. Ends the process if it cannot work after that fault. */
  readonly onFault: (error: unknown) => void
  /** Restarts of all processes, as the supervisor last reported them. */
  restarts(): Readonly<Record<string, Restarts>>
  /** Starts the process, reports to the supervisor, and stops in order on SIGTERM, SIGINT or when the supervisor is gone. */
  run(start: () => Promise<Started<S['config']>>): Promise<void>
}

export interface Started<C> {
  readonly running: Running
  /** Facts for the supervisor. */
  readonly ready: Record<string, unknown>
  /** Applies as much of a reloaded configuration as it can. Throws for the rest, which stays as it was. */
  readonly reload?: (config: C) => Promise<void>
}

const tell = (message: FromProcess) => process.send?.(message)

/**
 * Begins a process of the service. Its settings come over IPC: an argument is limited to 128 kB, and everybody can read
 * it with `ps`. From here on the process answers the supervisor, even while it starts.
 */
export async function beginService<S extends { readonly config: Logged }>(
  name: string,
): Promise<ServiceProcess<S>> {
  const log = createLog(name, 'info')
  endOnUnexpected(log)
  if (process.channel === undefined)
    throw new LintelError('CONFIG_INVALID', `the ${name} is started by lintel up or lintel gateway`)
  // SIGHUP is for the supervisor, but a terminal that closes sends it to all processes.
  process.on('SIGHUP', () => {})
  let restarts: Readonly<Record<string, Restarts>> = {}
  const reloading = createReloading<S['config']>(log)
  const handedOver = Promise.withResolvers<S>()
  process.on('message', (message: FromSupervisor<S['config']>) => {
    if (message.kind === 'settings') handedOver.resolve(message.settings as S)
    else if (message.kind === 'reload') reloading.take(message.config)
    else restarts = message.restarts
    tell({ kind: 'pong' })
  })
  // Before the settings have come there is nothing to stop.
  const leave = () => process.exit(exitCodes.ok)
  process.once('disconnect', leave)
  if (!process.connected) leave()
  const settings = await handedOver.promise
  process.off('disconnect', leave)
  log.level = settings.config.log.level
  const faults = createFaultLog(log)
  // lmdb prints there why a commit failed, besides throwing the error.
  console.error = (...parts) => faults(parts.find(part => part instanceof Error) ?? parts[0])
  const onFault = (error: unknown) => {
    faults(error)
    if (isEndOfProcess(error)) process.exit(exitCodeOf(error))
  }
  whenDamaged(error => {
    faults(error)
    process.exit(exitCodeOf(error))
  })
  return { settings, log, onFault, restarts: () => restarts, run: start => runService(log, start, reloading) }
}

/** Applies reloaded configurations one after the other, and none before the process has started. */
function createReloading<C extends Logged>(log: Logger) {
  const started = Promise.withResolvers<Started<C>>()
  let last: Promise<void> = Promise.resolve()
  return {
    begin: started.resolve,
    take(config: C): void {
      log.level = config.log.level
      last = last
        .then(async () => (await started.promise).reload?.(config))
        .catch(error => {
          log.error({ code: codeOf(error), error: messageOf(error) }, 'not taken: what was in force goes on')
        })
    },
  }
}

async function runService<C>(
  log: Logger,
  start: () => Promise<Started<C>>,
  reloading: { begin(started: Started<C>): void },
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
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  process.on('disconnect', () => stop('the supervisor is gone'))

  try {
    const started = await start()
    running = started.running
    reloading.begin(started)
    log.info(started.ready, 'ready')
    if (stopping) await running.stop()
    tell({ kind: 'ready', ready: started.ready })
  } catch (error) {
    // The supervisor logs it: it knows how often the same failure came before.
    const failed: FromProcess = { kind: 'failed', code: codeOf(error), message: messageOf(error) }
    process.send?.(failed, () => process.exit(exitCodeOf(error)))
  }
}
