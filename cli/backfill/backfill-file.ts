import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { BackfillAnswer } from '../../api/operations/backfill-part.ts'
import type { Operations } from '../../api/operations/operations.ts'
import { backoffMs } from '../../core/backoff.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import { faultOfEncoding } from '../../core/text-encoding.ts'
import { deviceIdPattern } from '../../core/words.ts'
import type { Fault } from '../../devices/contract/validate.ts'
import { createIdDeriver } from './derive-id.ts'
import { readCsv, readJsonLines } from './read-rows.ts'
import { readRowTime } from './row-time.ts'

export interface BackfillCounts {
  rows: number
  stored: number
  /** Rows with a known id, and rows of a file that was stored before. */
  duplicate: number
  faults: number
}

export interface BackfillFileOptions {
  readonly path: string
  readonly format: 'csv' | 'jsonl'
  /** For rows without their own. */
  readonly device?: string | undefined
  readonly type?: string | undefined
  /** For times without an offset, which are refused if it is absent. */
  readonly zone?: string | undefined
  readonly dryRun: boolean
  /** Called for rows that are accepted with a remark; once per remark. */
  readonly onNote?: (note: { readonly line: number; readonly text: string }) => void
  readonly onFault: (fault: Fault & { readonly line: number }) => void
  readonly onPart?: (counts: Readonly<BackfillCounts>) => void
}

const partRows = 500
const maxTries = 8
const pause = { firstMs: 500, maxMs: 20_000 }

/** Stores the rows of a file, in parts, one after the other; in a dry run, `stored` counts rows that could be stored. */
export async function backfillFile(
  { backfill }: Pick<Operations, 'backfill'>,
  options: BackfillFileOptions,
): Promise<BackfillCounts> {
  const { path, dryRun, onFault, onPart } = options
  const file = {
    name: basename(path).slice(0, 200),
    hash: await hashOf(path, JSON.stringify([options.device, options.type, options.zone])),
  }
  const counts: BackfillCounts = { rows: 0, stored: 0, duplicate: 0, faults: 0 }
  let part: { line: number; device: string; event: unknown }[] = []
  let before = 0

  async function send(): Promise<void> {
    if (part.length === 0) return
    const rows = part.map(({ device, event }) => ({ device, event }))
    const { known, outcomes } = await persistently(() => backfill({ file, before, rows, dryRun }))
    counts.duplicate += known
    for (const [index, outcome] of outcomes.entries()) {
      if (typeof outcome === 'object') tell({ line: part[known + index]!.line, ...outcome })
      else counts[outcome === 'duplicate' ? 'duplicate' : 'stored']++
    }
    before += part.length
    part = []
    onPart?.(counts)
  }
  function tell(fault: Fault & { line: number }): void {
    counts.faults++
    onFault(fault)
  }

  for await (const row of rowsOf(options)) {
    counts.rows++
    if ('fault' in row) {
      tell({ line: row.line, ...row.fault })
      continue
    }
    part.push({ line: row.line, ...row.value })
    if (part.length === partRows) await send()
  }
  await send()
  return counts
}

type Ready = { readonly line: number } & (
  | { readonly fault: Fault }
  | { readonly value: { device: string; event: unknown } }
)

const notes = {
  twice:
    'this local time was twice, since the clock was set back: the earlier is taken, here and in all such rows',
  exported:
    'rows of an export have no ids: each counts once, however often it is put back, but once more where its event is still stored',
} as const

async function* rowsOf(options: BackfillFileOptions): AsyncGenerator<Ready> {
  const { path, format, device: fallback, type, zone, onNote } = options
  const noted = new Set<string>()
  const note = (line: number, text: string) => {
    if (!noted.has(text)) onNote?.({ line, text })
    noted.add(text)
  }
  const derive = createIdDeriver()
  const deviceId = new RegExp(deviceIdPattern)
  for await (const row of format === 'csv' ? readCsv(path, type) : readJsonLines(path, type)) {
    if ('fault' in row) {
      yield row
      continue
    }
    const { device = fallback, ...rest } = row.value as { device?: unknown; time?: unknown }
    if (typeof device !== 'string' || !deviceId.test(device)) {
      const reason =
        device === undefined ? 'it names no device: give --device' : 'device is no id of a device'
      yield { line: row.line, fault: { code: 'DEVICE_INVALID', reason } }
      continue
    }
    const read = typeof rest.time === 'string' ? readRowTime(rest.time, zone) : undefined
    if (read !== undefined && 'fault' in read) {
      yield { line: row.line, fault: { code: 'EVENT_TIME_INVALID', reason: read.fault } }
      continue
    }
    // Text that is not a time stays as it is, and is refused as such.
    const event = { ...(type === undefined ? {} : { type }), ...rest, time: read?.time ?? rest.time }
    if (read?.isTwice) note(row.line, notes.twice)
    if (row.isExported && !('id' in event)) note(row.line, notes.exported)
    yield {
      line: row.line,
      value: { device, event: 'id' in event ? event : { id: derive(device, event), ...event } },
    }
  }
}

/** Retries while the service cannot accept rows: they remain in the file, and those already stored become duplicates. */
async function persistently(act: () => Promise<BackfillAnswer>): Promise<BackfillAnswer> {
  for (let tries = 1; ; tries++) {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof LintelError) || !error.retryable || tries >= maxTries) throw error
      await setTimeout(backoffMs(tries, pause, Math.random()))
    }
  }
}

/** Reads the whole file before anything is stored. Throws IMPORT_ROW_INVALID if it is not UTF-8. */
async function hashOf(path: string, said: string): Promise<string> {
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is no file')
    const hash = createHash('sha256')
    const decoder = new TextDecoder()
    let lines = 0
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk)
      const text = decoder.decode(chunk, { stream: true })
      const fault = faultOfEncoding(text, lines)
      if (fault !== undefined) throw new LintelError('IMPORT_ROW_INVALID', fault)
      lines += text.split('\n').length - 1
    }
    return hash.update(`\0${said}`).digest('hex')
  } catch (error) {
    if (error instanceof LintelError) throw error
    throw new LintelError('IMPORT_ROW_INVALID', `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
