import { setTimeout } from 'node:timers/promises'
import type { ExportQuestionOf, Operations } from '../../api/operations/operations.ts'
import { backoffMs } from '../../core/backoff.ts'
import { LintelError } from '../../core/errors.ts'
import { exportFormats } from '../../flow/export/formats.ts'
import type { DraftFile } from './file.ts'

/** Rows per part: at most these are fetched again when a connection breaks. */
const partRows = 500_000
const maxTries = 8
const pause = { firstMs: 500, maxMs: 20_000 }

export interface DownloadHooks {
  readonly onRows?: (rows: number, expected: number) => void
  /** Called when a part failed and will be fetched again. */
  readonly onRetry?: (error: LintelError) => void
}

/**
 * Fetches all rows into the file. If the format's files can be concatenated, it fetches parts, and repeats one that
 * breaks; otherwise it fetches everything at once, and a break is final.
 */
export async function download(
  { exportRows }: Pick<Operations, 'exportRows'>,
  question: ExportQuestionOf,
  file: DraftFile,
  { onRows = () => {}, onRetry = () => {} }: DownloadHooks = {},
): Promise<{ rows: number; cursor: string | undefined }> {
  const { appends } = exportFormats[question.format as keyof typeof exportFormats] ?? { appends: false }
  let rows = 0
  let cursor = question.cursor
  let expected: number | undefined
  for (let failures = 0; ; ) {
    try {
      const part = await exportRows({ ...question, cursor, ...(appends ? { limit: partRows } : {}) })
      expected ??= part.expected
      for await (const bytes of part.bytes) {
        await file.write(bytes)
        onRows(rows + part.progress().rows, expected)
      }
      const done = part.progress()
      file.keep()
      rows += done.rows
      cursor = done.cursor
      failures = 0
      onRows(rows, expected)
      if (!appends || done.rows >= part.expected) return { rows, cursor }
    } catch (error) {
      const mayTry = appends && error instanceof LintelError && error.retryable && ++failures < maxTries
      if (!mayTry) throw error
      onRetry(error)
      await file.takeBack()
      await setTimeout(backoffMs(failures, pause, Math.random()))
    }
  }
}
