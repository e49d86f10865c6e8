import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  futimesSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../core/errors.ts'

/** A request to the thread. Requests are done in order. */
export type Request =
  | { readonly kind: 'write'; readonly name: string; readonly bytes: Uint8Array; readonly at: number }
  | { readonly kind: 'remove'; readonly name: string }

/** One answer for each request, in the same order: why it failed, or undefined. */
export type Answers = readonly (string | undefined)[]

const { directory } = workerData as { directory: string }

function failureOf(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** Writes a file atomically. */
function write(name: string, bytes: Uint8Array, at: number): void {
  const draft = join(directory, `${name}.draft`)
  try {
    const file = openSync(draft, 'w', 0o600)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      // The age of a picture is measured by our own time, not by the system clock.
      futimesSync(file, at / 1000, at / 1000)
      fdatasyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(draft, join(directory, name))
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

/** Makes new file names survive a power cut. Windows does that by itself, and refuses this call. */
function syncNames(): void {
  if (process.platform === 'win32') return
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

const perform = (request: Request) =>
  failureOf(() =>
    request.kind === 'write'
      ? write(request.name, request.bytes, request.at)
      : rmSync(join(directory, request.name), { force: true }),
  )

/** Flushes names once for all requests that have come by now. */
function performAll(port: MessagePort, first: Request): void {
  const answers: (string | undefined)[] = []
  let isWritten = false
  for (let request: Request | undefined = first; request !== undefined; ) {
    answers.push(perform(request))
    isWritten ||= request.kind === 'write'
    request = receiveMessageOnPort(port)?.message as Request | undefined
  }
  const failure = isWritten ? failureOf(syncNames) : undefined
  port.postMessage(answers.map(answer => answer ?? failure))
}

const port = parentPort
port?.on('message', (request: Request) => performAll(port, request))
