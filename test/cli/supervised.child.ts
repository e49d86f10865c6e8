import { readFileSync, writeFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { damaged } from '../../core/damage.ts'
import { LintelError } from '../../core/errors.ts'
import { beginService } from '../../core/service-process.ts'
import { zeroPage } from '../support/damage.ts'

/** A process of a service that does as it is told: in what starts, and how it then lives. */
export interface Told {
  readonly config: { readonly log: { readonly level: string } }
  /** Counts its starts. */
  readonly file: string
  readonly starts: readonly Life[]
  readonly ballast?: string
  /** A page that its first start overwrites. */
  readonly spoil?: { readonly path: string; readonly page: number }
}

export type Life =
  | 'live'
  | 'block'
  | 'commit slowly'
  | 'die early'
  | 'throw'
  | 'reject'
  | 'refuse'
  | 'disk full'
  | 'crash'
  | 'read damage'

const { settings, onFault, restarts, run } = await beginService<Told>('told')
const started = readFileSync(settings.file, 'utf8').length
writeFileSync(settings.file, 'x', { flag: 'a' })
const life = settings.starts[Math.min(started, settings.starts.length - 1)]!

if (started === 0 && settings.spoil !== undefined) zeroPage(settings.spoil.path, settings.spoil.page)

await run(async () => {
  if (life === 'die early') process.kill(process.pid, 'SIGKILL')
  if (life === 'refuse') throw new LintelError('CONFIG_INVALID', 'told to')
  if (life === 'disk full') throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  // As the journal's thread waits for a disk that takes seconds for a flush.
  if (life === 'commit slowly')
    new Worker('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1e6)', { eval: true })
  if (life === 'block') setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 100)
  if (life === 'throw') setTimeout(() => onFault(new LintelError('DATA_GONE', 'told to')), 100)
  if (life === 'reject') setTimeout(() => Promise.reject(new Error('told to')), 100)
  if (life === 'crash') setTimeout(() => process.kill(process.pid, 'SIGSEGV'), 100)
  if (life === 'read damage') setTimeout(() => damaged('STATE_CORRUPT', 'told to'), 100)
  const timer = setInterval(() => {}, 1000)
  return {
    running: { stop: async () => clearInterval(timer) },
    ready: {
      life,
      pid: process.pid,
      argv: process.argv.slice(2),
      ballast: settings.ballast?.length ?? 0,
      restarts: restarts(),
    },
  }
})
