import type { ChildProcess } from 'node:child_process'
import type { Regions } from '../../config/regions.ts'
import { type Backoff, backoffMs } from '../../core/backoff.ts'
import { LintelError } from '../../core/errors.ts'
import { entryUrl } from '../../core/installation.ts'
import type { Look } from '../../models/eye.ts'
import { noTelemetry } from '../../models/no-telemetry.ts'
import type { RedactOptions } from '../../models/redactor.ts'
import { forkIdle } from './idle-fork.ts'
import type { LookTask, RedactTask, Report, Task, WorkerSettings } from './messages.ts'

export interface LookerOptions {
  readonly settings: WorkerSettings
  /** Most ms for a picture: a worker that takes longer has hung. */
  readonly timeoutMs: number
  /** Most bytes of a worker: one that has grown beyond is replaced between two pictures. */
  readonly maxBytes: number
  readonly retry?: Backoff
  readonly random: () => number
  readonly onFault: (error: unknown) => void
  /** For tests: another program instead of the worker's. */
  readonly entry?: URL
}

export const lookerFaults = ['died', 'hung', 'grown'] as const
export type LookerFault = (typeof lookerFaults)[number]

/**
 * Runs one worker process after another, each until it dies, hangs or grows too large. A worker may be given several
 * pictures at a time: while one is in inference the next is decoded, and others are redacted.
 */
export interface Looker {
  /** True if it may be given pictures now. */
  readonly isReady: boolean
  /**
   * Looks at a picture, with `compareTurns` also at turned versions of it. Rejects with PICTURE_UNREADABLE,
   * PICTURE_TOO_LARGE, MODEL_OUTPUT_INVALID, or TAGGER_WORKER_DIED.
   */
  look(picture: Uint8Array, regions: Regions | undefined, compareTurns?: boolean): Promise<Look>
  /** Returns the JPEG that may be kept. Rejects as `look` does. */
  redact(picture: Uint8Array, options: RedactOptions): Promise<Buffer>
  replaced(): Readonly<Record<LookerFault, number>>
  rssBytes(): number
  start(): void
  stop(): Promise<void>
}

type NewTask = Omit<LookTask, 'id'> | Omit<RedactTask, 'id'>

interface Flight {
  readonly kind: Task['kind']
  readonly answer: PromiseWithResolvers<unknown>
  readonly timer: NodeJS.Timeout
}

const startWithinMs = 60_000
/** Saves 40 MB for a worker and its threads, and is no slower: what the worker holds is outside the heap. */
const flags = ['--max-semi-space-size=2']

export function createLooker(options: LookerOptions): Looker {
  const { settings, timeoutMs, maxBytes, random, onFault, retry = { firstMs: 200, maxMs: 30_000 } } = options
  const { entry = entryUrl('gateway/tagger/worker/main') } = options
  const replaced: Record<LookerFault, number> = { died: 0, hung: 0, grown: 0 }
  const flights = new Map<number, Flight>()
  let child: ChildProcess | undefined
  let isReady = false
  let isGrown = false
  let cause: LookerFault = 'died'
  let failures = 0
  let stopping = false
  let serial = 0
  let rssBytes = 0
  let timer: NodeJS.Timeout | undefined

  function launch(): void {
    isReady = false
    isGrown = false
    cause = 'died'
    const started = forkIdle(entry, [JSON.stringify(settings)], {
      execArgv: [...process.execArgv, ...flags],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // Freed memory goes back to the system instead of staying in an arena for each thread (glibc).
      env: { ...process.env, ...noTelemetry, MALLOC_ARENA_MAX: '2' },
    })
    child = started
    timer = setTimeout(() => kill('hung'), startWithinMs)
    started.on('message', (report: Report) => {
      if (child === started) hear(report)
    })
    started.on('error', onFault)
    started.once('exit', (code, signal) => {
      if (child === started) ended(code, signal)
    })
  }

  function ended(code: number | null, signal: NodeJS.Signals | null): void {
    clearTimeout(timer)
    child = undefined
    isReady = false
    const died = new LintelError(
      'TAGGER_WORKER_DIED',
      `the worker ${cause === 'hung' ? 'hung' : 'died'} (${signal ?? code})`,
    )
    for (const id of [...flights.keys()]) settle(id, ({ reject }) => reject(died))
    if (stopping) return
    replaced[cause]++
    if (cause !== 'grown') onFault(died)
    timer = setTimeout(launch, cause === 'grown' ? 0 : backoffMs(++failures, retry, random()))
  }

  function hear(report: Report): void {
    switch (report.kind) {
      case 'ready':
        clearTimeout(timer)
        isReady = true
        return
      case 'unfit':
        onFault(
          new LintelError(
            report.code ?? 'MODEL_UNREADABLE',
            `no picture can be looked at: ${report.message}`,
          ),
        )
        kill('died')
        return
      case 'seen':
        settle(report.id, ({ resolve }) => resolve(report.look))
        break
      case 'redacted':
        settle(report.id, ({ resolve }) => resolve(Buffer.from(report.jpeg)))
        break
      case 'fault':
        settle(report.id, ({ reject }) => reject(new LintelError(report.code, report.message)))
    }
    failures = 0
    rssBytes = report.rssBytes
    isGrown ||= rssBytes > maxBytes
    if (isGrown && flights.size === 0) kill('grown')
  }

  function ask<T>(task: NewTask): Promise<T> {
    const id = ++serial
    const answer = Promise.withResolvers<unknown>()
    const timer = setTimeout(() => kill('hung'), timeoutMs)
    flights.set(id, { kind: task.kind, answer, timer })
    child?.send({ ...task, id } satisfies Task)
    return answer.promise as Promise<T>
  }

  function settle(id: number, act: (answer: Flight['answer']) => void): void {
    const flight = flights.get(id)
    if (flight === undefined) return
    flights.delete(id)
    clearTimeout(flight.timer)
    act(flight.answer)
    // The next task of its kind has the thread to itself from now on: its time begins again.
    for (const { kind, timer } of flights.values()) if (kind === flight.kind) timer.refresh()
  }

  function kill(why: LookerFault): void {
    cause = why
    child?.kill('SIGKILL')
  }

  return {
    get isReady() {
      return isReady && !isGrown && !stopping
    },
    look: (picture, regions, compareTurns = false) =>
      ask({ kind: 'look', picture, compareTurns, ...(regions === undefined ? {} : { regions }) }),
    redact: (picture, options) => ask({ kind: 'redact', picture, options }),
    replaced: () => ({ ...replaced }),
    rssBytes: () => rssBytes,
    start: launch,
    async stop() {
      stopping = true
      clearTimeout(timer)
      const last = child
      if (last === undefined) return
      // The worker holds nothing that is not on disk elsewhere.
      const gone = new Promise(resolve => last.once('exit', resolve))
      last.kill('SIGKILL')
      await gone
    },
  }
}
