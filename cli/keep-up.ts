import type { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { backoffMs } from '../core/backoff.ts'
import { minuteMs, secondMs, systemClock } from '../core/clock.ts'
import { type DataPaths, prepareDataDirectory } from '../core/data-directory.ts'
import { codeOf, messageOf } from '../core/errors.ts'
import { exitCodeOf, exitCodes } from '../core/exits.ts'
import { createFaultLog } from '../core/fault-log.ts'
import { createGuard } from '../core/guard.ts'
import { GuardedFiles } from '../core/guarded-files.ts'
import { type Lock, lockDataDirectory } from '../core/lock.ts'
import type { Logger } from '../core/log.ts'
import { mendUnderLock, tellLostRegistry } from './data-files.ts'
import { note } from './output.ts'
import { prepareData } from './prepare.ts'
import { type ChildSpec, type Lives, supervise } from './supervisor.ts'

/** `config`: the configuration in force from now on. */
export interface Reloads {
  readonly config: [Config]
}

export interface KeepUpParts {
  readonly paths: DataPaths
  readonly config: Config
  readonly specs: readonly ChildSpec[]
  readonly log: Logger
  /** Ends the service. */
  readonly signal: AbortSignal
  /** Emits a configuration that was read again. */
  readonly reloads?: EventEmitter<Reloads>
  /** Called once, when all processes are ready for the first time. */
  onUp(ready: Record<string, Record<string, unknown>>): Promise<void>
}

const retry = { firstMs: 200, maxMs: 30 * secondMs }
/** If processes ran this long before files were damaged, they are restarted quickly. */
const settledMs = minuteMs

/**
 * Keeps the service running on a data directory until it is told to stop, and resolves to the exit code. If something
 * is unavailable (room on the disk, the disk itself, a lock), it is tried again; if the directory is replaced, or a
 * file in it is damaged, the service starts over with what is there. Files are read completely, and mended, before any
 * process opens them. Throws CONFIG_INVALID, DATA_VERSION and DATA_LOCKED, only at the start.
 */
export async function keepUp(parts: KeepUpParts): Promise<number> {
  const { paths, config, log, signal } = parts
  const onFault = createFaultLog(log)
  const lives: Lives = new Map()
  let wasUp = false
  let failures = 0
  /** How often in a row processes soon ended because of damage. */
  let damages = 0

  while (!signal.aborted) {
    let lock: Lock | undefined
    try {
      prepareDataDirectory(paths)
      lock = lockDataDirectory(paths, 'service')
      await mendUnderLock(paths, onFault, systemClock())
      await prepareData(paths, config)
      await tellLostRegistry(paths, onFault)
    } catch (error) {
      // A first failure is thrown. Later on, the configuration is known to work and may work again.
      const isTaken = lock === undefined && codeOf(error) === 'DATA_LOCKED'
      lock?.release()
      lock = undefined
      if (!wasUp && (isTaken || exitCodeOf(error) === exitCodes.config)) throw error
      onFault(error)
    }
    if (lock === undefined) {
      await rest(++failures)
      continue
    }
    try {
      const code = await superviseUntilGone()
      if (code !== undefined) return code
    } finally {
      lock.release()
    }
    // Mending did not help.
    if (damages > 1) await rest(damages - 1)
  }
  return exitCodes.ok

  function rest(attempt: number): Promise<void> {
    return pause(backoffMs(attempt, retry, Math.random()), undefined, { signal }).catch(() => {})
  }

  /** Resolves to undefined if the locked directory is no longer the one at its path, or if a file in it is damaged. */
  async function superviseUntilGone(): Promise<number | undefined> {
    const startedAt = performance.now()
    let isGone = false
    let isDamaged = false
    const supervisor = supervise(parts.specs, {
      compileCache: join(paths.run, 'compile-cache'),
      patienceMs: config.processes.patienceS * secondMs,
      lives,
      prepare: () => prepareData(paths, config),
      onDamage() {
        isDamaged = true
        damages = performance.now() - startedAt > settledMs ? 1 : damages + 1
        void supervisor.stop()
      },
      onFault,
    })
    const files = new GuardedFiles([paths.root])
    const guard = createGuard(files, error => {
      isGone = true
      onFault(error)
      void supervisor.stop()
    })
    await guard.start?.()
    const stop = () => void supervisor.stop()
    signal.addEventListener('abort', stop)
    const { reload } = supervisor
    parts.reloads?.on('config', reload)
    if (signal.aborted) stop()
    const ready = await supervisor.ready().catch(error => {
      // For people: in the log it is one line among many.
      if (!wasUp && !isGone && !isDamaged) note(messageOf(error))
    })
    if (ready !== undefined) failures = 0
    if (ready !== undefined && !wasUp) {
      wasUp = true
      await parts.onUp(ready).catch(onFault)
    }
    const code = await supervisor.ended
    signal.removeEventListener('abort', stop)
    parts.reloads?.off('config', reload)
    await guard.stop()
    files.forget(paths.root)
    return (isGone || isDamaged) && !signal.aborted ? undefined : code
  }
}
