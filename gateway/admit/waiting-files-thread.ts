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

/** What is asked of the thread; done in the order asked. */
export type Request =
  | { readonly kind: 'write'; readonly name: string; readonly bytes: Uint8Array; readonly at: number }
  | { readonly kind: 'remove'; readonly name: string }

/** One a request, in the same order: why it failed, or undefined. */
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

/** Whole or not at all. */
function write(name: string, bytes: Uint8Array, at: number): void {
  const draft = join(directory, `${name}.draft`)
  try {
    const file = openSync(draft, 'w', 0o600)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      // How long it has waited is told by our time, not by what the system's clock said.
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

/** So that names are there after a power cut, too. Windows sees to that itself, and refuses to be asked. */
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

/** Of all that has come by now names are flushed once. */
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
