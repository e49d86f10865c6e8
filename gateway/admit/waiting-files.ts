import { Worker } from 'node:worker_threads'
import { LintelError } from '../../core/errors.ts'
import { entryUrl } from '../../core/installation.ts'
import type { Answers, Request } from './waiting-files-thread.ts'

/** The files of one directory. Requests are done in order. */
export interface WaitingFiles {
  /** Resolves when the file would survive a power cut. `at`, epoch ms, becomes its time of modification. */
  write(name: string, bytes: Uint8Array, at: number): Promise<void>
  /** Resolves even if there is no such file. */
  remove(name: string): Promise<void>
  /** Resolves once all requests are done. */
  close(): Promise<void>
}

/** A thread of its own writes them: opening, flushing and renaming a picture would take eight turns of the broker's loop. */
export function openWaitingFiles(directory: string, onFault: (error: unknown) => void): WaitingFiles {
  const thread = new Worker(entryUrl('gateway/admit/waiting-files-thread'), {
    workerData: { directory },
  })
  const asked: { resolve: () => void; reject: (error: Error) => void }[] = []
  let idle: (() => void)[] = []
  let ended: LintelError | undefined

  function settleIdle(): void {
    if (asked.length > 0) return
    // An idle thread must not keep the process alive.
    thread.unref()
    for (const resolve of idle) resolve()
    idle = []
  }

  thread.on('message', (answers: Answers) => {
    for (const failure of answers) {
      const { resolve, reject } = asked.shift()!
      if (failure === undefined) resolve()
      else reject(new LintelError('JOURNAL_COMMIT_FAILED', failure))
    }
    settleIdle()
  })
  thread.on('error', error => {
    ended = new LintelError('JOURNAL_CLOSED', `the waiting room's thread has ended: ${error.message}`)
    for (const { reject } of asked.splice(0)) reject(ended)
    settleIdle()
    onFault(ended)
  })
  thread.unref()

  async function ask(request: Request, moved: ArrayBuffer[] = []): Promise<void> {
    if (ended !== undefined) throw ended
    const answer = new Promise<void>((resolve, reject) => asked.push({ resolve, reject }))
    thread.ref()
    thread.postMessage(request, moved)
    return answer
  }

  return {
    write(name, bytes, at) {
      // A copy: the memory of the picture also holds packets of others, and would be moved with it.
      const own = new Uint8Array(bytes)
      return ask({ kind: 'write', name, bytes: own, at }, [own.buffer])
    },
    remove: name => ask({ kind: 'remove', name }),
    async close() {
      ended ??= new LintelError('JOURNAL_CLOSED', 'the waiting room is closed')
      if (asked.length > 0) await new Promise<void>(resolve => idle.push(resolve))
      await thread.terminate()
    },
  }
}
