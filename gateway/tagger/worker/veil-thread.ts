import { parentPort, workerData } from 'node:worker_threads'
import { codeOf, messageOf } from '../../../core/errors.ts'
import { openRedactor } from '../../../models/redactor.ts'
import type { RedactTask, WorkerSettings } from '../messages.ts'
import type { Veiled } from './veil.ts'

/** Handles several pictures at a time: while one is searched for faces, others are decoded and encoded. */
const port = parentPort
if (port !== null) {
  const redactor = await openRedactor({ maxEdge: (workerData as WorkerSettings).maxEdgePx })
  const tell = (answer: Veiled) => port.postMessage(answer)
  port.on('message', async ({ id, picture, options }: RedactTask) => {
    try {
      const { jpeg } = await redactor.redact(picture, options)
      tell({ kind: 'redacted', id, jpeg })
    } catch (error) {
      tell({ kind: 'fault', id, code: codeOf(error), message: messageOf(error) })
    }
  })
  tell({ kind: 'ready' })
}
