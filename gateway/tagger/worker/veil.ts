import { Worker } from 'node:worker_threads'
import { type ErrorCode, LintelError } from '../../../core/errors.ts'
import { entryUrl } from '../../../core/installation.ts'
import type { RedactTask, WorkerSettings } from '../messages.ts'

export type Veiled =
  | { readonly kind: 'ready' }
  | { readonly kind: 'redacted'; readonly id: number; readonly jpeg: Uint8Array }
  | { readonly kind: 'fault'; readonly id: number; readonly code: ErrorCode | undefined; readonly message: string } // biome-ignore format: as in messages.ts

export interface Veil {
  /** Returns the JPEG that may be kept. Rejects with the redactor's errors. */
  redact(task: RedactTask): Promise<Uint8Array>
}

/** Redacts in a thread of its own, so that the look at the next picture does not wait for it. */
export async function openVeil(settings: WorkerSettings): Promise<Veil> {
  const thread = new Worker(entryUrl('gateway/tagger/worker/veil-thread'), { workerData: settings })
  const waiting = new Map<number, PromiseWithResolvers<Uint8Array>>()
  const ready = Promise.withResolvers<void>()
  thread.on('message', (answer: Veiled) => {
    if (answer.kind === 'ready') {
      ready.resolve()
      return
    }
    const asked = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (answer.kind === 'redacted') asked?.resolve(answer.jpeg)
    else asked?.reject(new LintelError(answer.code ?? 'PICTURE_UNREADABLE', answer.message))
  })
  thread.on('error', error => {
    ready.reject(error)
    // Whatever the error was, a new process starts clean.
    process.kill(process.pid, 'SIGKILL')
  })
  await ready.promise
  return {
    redact(task) {
      const asked = Promise.withResolvers<Uint8Array>()
      waiting.set(task.id, asked)
      thread.postMessage(task)
      return asked.promise
    },
  }
}
