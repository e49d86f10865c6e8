import { type ChildProcess, fork } from 'node:child_process'
import { backoffMs } from '../core/backoff.ts'
import { secondMs } from '../core/clock.ts'
import { codeOf, messageOf } from '../core/errors.ts'
import type { Logger } from '../core/log.ts'
import { exitCodes, type Failed, type Ready } from '../core/service-process.ts'

export interface ChildSpec {
  readonly name: string
  /** The process's main.ts. */
  readonly entry: URL
  /** Handed over as its one argument. */
  readonly settings: unknown
  /** For Node. */
  readonly flags?: readonly string[]
}

export interface Supervisor {
  /** Resolves with what each child told when it was ready; rejects if one cannot start. */
  ready(): Promise<Record<string, Record<string, unknown>>>
  /** Resolves to the exit code once everything has stopped, for whatever reason. */
  readonly ended: Promise<number>
  /** Children stop in the order they were given: the door first. */
  stop(): Promise<void>
}

const restart = { firstMs: 200, maxMs: 30_000 }
/** Longer than a child gives itself. */
const stopWithinMs = 20 * secondMs
/** What ends a process that LMDB reads a damaged page in. */
const damageSignals: ReadonlySet<NodeJS.Signals | null> = new Set(['SIGSEGV', 'SIGBUS', 'SIGABRT'])
/** A child that ran so long has earned a quick restart. */
const settledMs = 60 * secondMs

/**
 * Keeps the processes of the service running: one that dies is started again, one that never can ends
 * all. Compiled code is cached in `compileCache`: a start is quicker, and 30 MB a process smaller.
 * When children die twice in a row as they do of a damaged page, all are stopped, and started again after `mend`.
 */
export function supervise(
  specs: readonly ChildSpec[],
  log: Logger,
  compileCache: string,
  mend: () => Promise<void>,
): Supervisor {
  const children = new Map<string, ChildProcess>()
  const told = new Map<string, Record<string, unknown>>()
  const timers = new Set<NodeJS.Timeout>()
  const readiness = Promise.withResolvers<Record<string, Record<string, unknown>>>()
  const ending = Promise.withResolvers<number>()
  readiness.promise.catch(() => {})
  let stopping: Promise<void> | undefined
  let mending = false
  let crashes = 0
  /** Of the first that could not start. */
  let failure: string | undefined

  function launch(spec: ChildSpec, attempt: number): void {
    const startedAt = Date.now()
    const child = fork(spec.entry, [JSON.stringify(spec.settings)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [...process.execArgv, ...(spec.flags ?? [])],
      // Freed memory goes back rather than lie about in an arena a thread (glibc): a tenth of what an export takes.
      env: { NODE_COMPILE_CACHE: compileCache, MALLOC_ARENA_MAX: '2', ...process.env },
    })
    children.set(spec.name, child)
    child.on('message', (message: Ready | Failed) => {
      if ('failed' in message) {
        failure ??= message.failed
        return
      }
      told.set(spec.name, message.ready)
      if (told.size === specs.length) readiness.resolve(Object.fromEntries(told))
    })
    child.on('error', error => log.error({ child: spec.name, error: error.message }, 'child failed'))
    child.on('exit', (code, signal) => {
      children.delete(spec.name)
      if (stopping !== undefined || mending) return
      crashes = damageSignals.has(signal) ? crashes + 1 : 0
      if (crashes >= 2 || code === exitCodes.damaged) return void mendAll()
      if (code === exitCodes.config || !told.has(spec.name))
        return void fail(spec.name, code ?? exitCodes.failed)
      const next = Date.now() - startedAt > settledMs ? 1 : attempt + 1
      const ms = backoffMs(next, restart, Math.random())
      log.error({ child: spec.name, code, signal, restartMs: ms }, 'child ended, starting it again')
      const timer = setTimeout(() => {
        timers.delete(timer)
        launch(spec, next)
      }, ms)
      timers.add(timer)
    })
  }

  /** Reading the files takes that nobody has them open. */
  async function mendAll(): Promise<void> {
    mending = true
    crashes = 0
    log.error({}, 'children crash again and again: all are stopped while the data files are looked at')
    await stopChildren()
    await mend().catch(error => log.error({ code: codeOf(error), error: messageOf(error) }, 'not mended'))
    mending = false
    if (stopping === undefined) for (const spec of specs) launch(spec, 1)
  }

  async function fail(name: string, code: number): Promise<void> {
    readiness.reject(new Error(failure ?? `the ${name} process could not start; its message is above`))
    await stop(code)
  }

  async function stopChildren(): Promise<void> {
    for (const timer of timers) clearTimeout(timer)
    timers.clear()
    for (const { name } of specs) {
      const child = children.get(name)
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) continue
      const gone = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGTERM')
      // One that is stuck does not hear it.
      const late = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
      await gone
      clearTimeout(late)
    }
  }

  function stop(code: number): Promise<void> {
    stopping ??= (async () => {
      await stopChildren()
      ending.resolve(code)
    })()
    return stopping
  }

  for (const spec of specs) launch(spec, 1)
  return { ready: () => readiness.promise, ended: ending.promise, stop: () => stop(exitCodes.ok) }
}
