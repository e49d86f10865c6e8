import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backfillFile } from '../../cli/backfill/backfill-file.ts'
import { checkEvent } from '../../devices/contract/validate.ts'
import { csv } from '../../flow/export/csv.ts'
import { jsonLines } from '../../flow/export/json-lines.ts'
import type { BackfillRow } from '../../gateway/control/gateway-control.ts'
import { type ScanBatch, scanColumnsOf, valuesOf } from '../../ingest/store/scan.ts'
import { someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const beside = {
  received: someMoment + 900,
  site: 's',
  building: 'b',
  point: 'p',
  device: 'd1',
  late: false,
  skewed: false,
}
const door = (change: object) => ({ ...beside, time: someMoment + 40, state: 'open', ...change })
/** Two are alike in every respect: two openings in one millisecond. */
const rows = [door({}), door({}), door({ state: 'closed', openMs: 4000 }), door({ device: 'd2' })] as Record<string, unknown>[] // biome-ignore format: rows

async function exported(encoder: typeof csv, name: string): Promise<string> {
  const columns = scanColumnsOf('door')
  const values = columns.map(column =>
    valuesOf(
      column,
      rows.map(row => row[column.name]),
    ),
  )
  const batches = (async function* (): AsyncGenerator<ScanBatch> {
    yield { rows: rows.length, columns: values, cursor: '' }
  })()
  const path = join(await temporaryDirectory(), name)
  const bytes: Uint8Array[] = []
  for await (const part of encoder.encode({ columns, batches, zone: 'Asia/Shanghai' })) bytes.push(part)
  writeFileSync(path, Buffer.concat(bytes))
  return path
}

async function putBack(path: string) {
  const taken: BackfillRow[] = []
  const notes: string[] = []
  const counts = await backfillFile(
    {
      async backfill({ rows }) {
        taken.push(...rows)
        return { known: 0, outcomes: rows.map(() => 'stored' as const) }
      },
    },
    {
      path,
      format: path.endsWith('.csv') ? 'csv' : 'jsonl',
      type: 'door',
      dryRun: false,
      onNote: ({ text }) => notes.push(text),
      onFault(fault) {
        throw new Error(fault.reason)
      },
    },
  )
  return { taken, notes, counts }
}

test('what was exported can be put back, from CSV and from JSON lines, and counts once however often', async () => {
  const ofCsv = await putBack(await exported(csv, 'doors.csv'))
  const ofLines = await putBack(await exported(jsonLines, 'doors.jsonl'))
  expect(ofCsv.counts).toEqual({ rows: 4, stored: 4, duplicate: 0, faults: 0 })
  expect(ofLines.taken).toEqual(ofCsv.taken)
  const ids = ofLines.taken.map(({ event }) => (event as { id: string }).id)
  expect(new Set(ids).size).toBe(4)
  expect((await putBack(await exported(jsonLines, 'again.jsonl'))).taken).toEqual(ofLines.taken)
  expect(ofLines.taken[2]).toMatchObject({
    device: 'd1',
    event: { type: 'door', data: { state: 'closed', openMs: 4000 } },
  })
  for (const { event } of ofLines.taken) expect(checkEvent(event)).toMatchObject({ atMs: someMoment + 40 })
})

test('that rows of an export have no ids of their devices is told once', async () => {
  const { notes } = await putBack(await exported(jsonLines, 'doors.jsonl'))
  expect(notes).toEqual([expect.stringMatching(/have no ids/)])
})
