import { parentPort, workerData } from 'node:worker_threads'
import { codeOf, messageOf } from '../../core/errors.ts'
import { GuardedFiles, lmdbFiles } from '../../core/guarded-files.ts'
import {
  type NewNumbers,
  openWriter,
  type Writer,
  type WriterOptions,
  type WriterStats,
} from './lmdb-writer.ts'

/** Requests of the journal to its writing thread; answered in order. */
export type Request =
  | { readonly kind: 'commit'; readonly frames: ArrayBuffer; readonly length: number; readonly count: number; readonly added: NewNumbers; readonly now: number }
  | { readonly kind: 'trim'; readonly seq: number; readonly before: number; readonly maxBlocks: number }
  | { readonly kind: 'forget'; readonly now: number }
  | { readonly kind: 'close' } // biome-ignore format: one request a line

export type Answer =
  | { readonly kind: 'opened'; readonly id: string; readonly numbered: NewNumbers; readonly stats: WriterStats }
  | { readonly kind: 'committed'; readonly outcomes: Uint8Array; readonly stats: WriterStats; readonly frames: ArrayBuffer }
  | { readonly kind: 'trimmed'; readonly freed: number; readonly more: boolean; readonly stats: WriterStats }
  | { readonly kind: 'forgotten'; readonly stats: WriterStats }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string } // biome-ignore format: as above

async function answer(writer: Writer, request: Request): Promise<[Answer, ArrayBuffer[]]> {
  switch (request.kind) {
    case 'commit': {
      const frames = Buffer.from(request.frames, 0, request.length)
      const { outcomes, ...stats } = writer.commit(frames, request.count, request.added, request.now)
      const moved = [request.frames, outcomes.buffer as ArrayBuffer]
      return [{ kind: 'committed', outcomes, stats, frames: request.frames }, moved]
    }
    case 'trim': {
      const { freed, more, ...stats } = writer.trim(request.seq, request.before, request.maxBlocks)
      return [{ kind: 'trimmed', freed, more, stats }, []]
    }
    case 'forget':
      return [{ kind: 'forgotten', stats: writer.forget(request.now) }, []]
    case 'close':
      await writer.close()
      return [{ kind: 'closed' }, []]
  }
}

const failed = (error: unknown): Answer => ({
  kind: 'failed',
  code: codeOf(error),
  message: messageOf(error),
})

const port = parentPort
if (port !== null) {
  try {
    const options = workerData as WriterOptions
    const files = new GuardedFiles(lmdbFiles(options.directory))
    const writer = openWriter(options)
    port.on('message', (request: Request) => {
      answer(writer, request)
        .then(answered => {
          // Checked before anything is acked: a commit counts only if it is in the file that stands at the path.
          if (request.kind !== 'close') files.check()
          return answered
        })
        .catch((error): [Answer, ArrayBuffer[]] => [failed(error), []])
        .then(([message, moved]) => port.postMessage(message, moved))
    })
    port.postMessage({ kind: 'opened', id: writer.id, numbered: writer.numbered(), stats: writer.stats() })
  } catch (error) {
    port.postMessage(failed(error))
  }
}
