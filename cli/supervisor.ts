import { type ChildProcess, fork } from 'node:child_process'
import type { Config } from '../config/config.ts'
import { secondMs } from '../core/clock.ts'
import { LintelError, messageOf } from '../core/errors.ts'
import { exitCodes } from '../core/exits.ts'
import type { FromProcess, FromSupervisor, Restarts } from '../core/service-messages.ts'
import { afterEnd, isCrash } from './child-end.ts'
import { Pulse } from './pulse.ts'

export interface ChildSpec {
  readonly name: string
  /** The process's main.ts. */
  readonly entry: URL
  /** Sent as its first message, at each start. */
  readonly settings: () => unknown
  /** Flags for Node. */
  readonly flags?: readonly string[]
}

export interface SupervisorOptions {
  /** Directory for compiled code: a start is quicker, and a process 30 MB smaller. */
  readonly compileCache: string
  /** A process whose event loop has not answered for this long is replaced. */
  readonly patienceMs: number
  /** State of earlier processes, if others have kept them running before. */
  readonly lives?: Lives
  /** Called before each start of a process: creates what is missing. If it throws, it is retried like a failed start. */
  prepare(): Promise<void>
  /** A process ended as it does with damaged data files: stop all, and mend the files. */
  onDamage(): void
  onFault(error: unknown, facts?: object): void
}

export interface Supervisor {
  /** Resolves to what each child reported when ready; rejects if the configuration keeps one from ever starting. */
  ready(): Promise<Record<string, Record<string, unknown>>>
  /** Resolves to the exit code once everything has stopped, for whatever reason. */
  readonly ended: Promise<number>
  /** Passes a configuration that was read again to the running processes. */
  reload(config: Config): void
  /** Stops children in the order given: the gateway first. */
  stop(): Promise<void>
}

/** Longer than the limit a child sets itself. */
const stopWithinMs = 20 * secondMs
/** Number of questions a process is asked within `patienceMs`. */
const questions = 12
/** Factor for the patience while a process starts: loading code, and reading a large journal, may block its loop. */
const startFactor = 5

/** How the processes of the service have fared, by name. */
export type Lives = Map<string, Life>

export interface Life extends Restarts {
  ended: number
  hung: number
  wasReady: boolean
}

/**
 * Keeps the processes of the service running: one that dies, or does not answer, is restarted with growing pauses, as
 * long as it takes. Only a configuration that was never valid ends all (child-end.ts).
 */
export function supervise(specs: readonly ChildSpec[], options: SupervisorOptions): Supervisor {
  const { compileCache, patienceMs, lives = new Map(), prepare, onDamage, onFault } = options
  const children = new Map<string, ChildProcess>()
  for (const { name } of specs) if (!lives.has(name)) lives.set(name, { ended: 0, hung: 0, wasReady: false })
  const told = new Map<string, Record<string, unknown>>()
  const timers = new Set<NodeJS.Timeout>()
  const readiness = Promise.withResolvers<Record<string, Record<string, unknown>>>()
  const ending = Promise.withResolvers<number>()
  readiness.promise.catch(() => {})
  let stopping: Promise<void> | undefined
  let crashes = 0

  const restarts = () =>
    Object.fromEntries([...lives].map(([name, { ended, hung }]) => [name, { ended, hung }]))

  async function launch(spec: ChildSpec, attempt: number): Promise<void> {
    try {
      await prepare()
      if (stopping === undefined) watch(spec, start(spec), attempt)
    } catch (error) {
      onFault(error, { child: spec.name })
      const next = afterEnd(
        { code: null, signal: null, crashes: 0, failure: undefined, wasReady: true, ranMs: 0, attempt },
        Math.random(),
      )
      if ('inMs' in next) again(spec, next.attempt, next.inMs)
    }
  }

  function start({ entry, settings, flags = [] }: ChildSpec): ChildProcess {
    const child = fork(entry, [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [...process.execArgv, ...flags],
      // Returns freed memory to the system, instead of keeping it in an arena per thread (glibc): a tenth of what an export uses.
      env: { NODE_COMPILE_CACHE: compileCache, MALLOC_ARENA_MAX: '2', ...process.env },
    })
    say(child, { kind: 'settings', settings: settings() })
    return child
  }

  function watch(spec: ChildSpec, child: ChildProcess, attempt: number): void {
    const { name } = spec
    const life = lives.get(name)!
    const startedAt = performance.now()
    const pulse = new Pulse(questions, questions * startFactor)
    let failure: Extract<FromProcess, { kind: 'failed' }> | undefined
    children.set(name, child)

    const asking = setInterval(() => {
      if (pulse.ask()) return say(child, { kind: 'ping', restarts: restarts() })
      clearInterval(asking)
      life.hung++
      const what = `the ${name} process has not answered for ${Math.round(patienceMs / secondMs)} s or more`
      onFault(new LintelError('PROCESS_HUNG', `${what}: it is killed and started again`), { child: name })
      child.kill('SIGKILL')
    }, patienceMs / questions)

    child.on('message', (message: FromProcess) => {
      pulse.answered()
      if (message.kind === 'failed') failure = message
      if (message.kind !== 'ready') return
      pulse.ready()
      life.wasReady = true
      told.set(name, message.ready)
      if (told.size === specs.length) readiness.resolve(Object.fromEntries(told))
    })

    let isOver = false
    const over = (code: number | null, signal: string | null) => {
      if (isOver) return
      isOver = true
      clearInterval(asking)
      children.delete(name)
      if (stopping !== undefined) return
      life.ended++
      const ranMs = performance.now() - startedAt
      const { wasReady } = life
      const end = { code, signal, crashes, failure: failure?.code, wasReady, ranMs, attempt }
      const next = afterEnd(end, Math.random())
      crashes = isCrash(signal) ? crashes + 1 : 0
      const why =
        failure === undefined ? undefined : `${failure.code ?? 'PROCESS_FAILED'}: ${failure.message}`
      if ('endWith' in next) return void fail(next.endWith, why ?? `the ${name} process could not start`)
      const how = why ?? `it ended (${signal ?? code})`
      if ('mend' in next) {
        const what = `all are stopped while the data files are looked at: the ${name} process: ${how}`
        onFault(new LintelError('PROCESS_FAILED', what), { child: name, exit: code, signal })
        return onDamage()
      }
      onFault(new LintelError('PROCESS_FAILED', `the ${name} process is started again: ${how}`), {
        child: name,
        exit: code,
        signal,
        restartMs: next.inMs,
      })
      again(spec, next.attempt, next.inMs)
    }
    child.on('exit', over)
    child.on('error', error => {
      // A process that could not be started never emits `exit`.
      if (child.pid === undefined) over(null, messageOf(error))
    })
  }

  function again(spec: ChildSpec, attempt: number, inMs: number): void {
    if (stopping !== undefined) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      void launch(spec, attempt)
    }, inMs)
    timers.add(timer)
  }

  async function fail(code: number, why: string): Promise<void> {
    readiness.reject(new Error(why))
    await stop(code)
  }

  function stop(code: number): Promise<void> {
    stopping ??= (async () => {
      for (const timer of timers) clearTimeout(timer)
      for (const { name } of specs) {
        const child = children.get(name)
        if (child === undefined || child.exitCode !== null || child.signalCode !== null) continue
        const gone = new Promise(resolve => child.once('exit', resolve))
        child.kill('SIGTERM')
        // A stuck process does not react to it.
        const late = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
        await gone
        clearTimeout(late)
      }
      // Nobody needs to wait any longer for it to be up.
      readiness.reject(new Error('it was stopped before it was up'))
      ending.resolve(code)
    })()
    return stopping
  }

  for (const spec of specs) void launch(spec, 1)
  return {
    ready: () => readiness.promise,
    ended: ending.promise,
    reload(config) {
      for (const child of children.values()) say(child, { kind: 'reload', config })
    },
    stop: () => stop(exitCodes.ok),
  }
}

/** A process that has just ended does not receive messages; its end is handled separately. */
function say(child: ChildProcess, message: FromSupervisor): void {
  if (child.connected) child.send(message, () => {})
}
