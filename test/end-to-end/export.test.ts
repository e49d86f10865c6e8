import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { parse } from 'csv-parse/sync'
import { expect, onTestFinished, test } from 'vitest'
import { startService } from '../../bench/service.ts'
import { lintel } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const header = 'device,time,direction,result,method'
const lines = Array.from(
  { length: 1200 },
  (_, i) => `door,2024-02-${String(1 + (i % 28)).padStart(2, '0')}T08:00:${String(i % 60).padStart(2, '0')}+08:00,${i % 3 ? 'in' : 'out'},granted,card`,
) // biome-ignore format: one line

test('history goes in once, however often it is said, is counted, and comes out again', async () => {
  const data = await temporaryDirectory()
  const at = (name: string) => join(data, name)
  const run = async (...args: string[]) => {
    const { stdout, stderr, code } = await lintel(...args, '--data', data)
    return { stdout, stderr, code }
  }
  const place = ['--site', '南社', '--building', '12栋', '--point', 'd1']
  expect(await run('device', 'add', 'door', ...place)).toMatchObject({ code: 0 })
  writeFileSync(at('history.csv'), [header, ...lines, 'nobody,2024-02-01T08:00:00+08:00,in,granted,card'].join('\n'))
  const backfill = ['backfill', at('history.csv'), '--type', 'passage', '--json']

  const offline = await run(...backfill, '--report', at('report.jsonl'))
  expect(JSON.parse(offline.stdout)).toMatchObject({ stored: 1200, duplicate: 0 })
  expect(JSON.parse(readFileSync(at('report.jsonl'), 'utf8'))).toMatchObject({ line: 1202, code: 'DEVICE_NOT_FOUND' })

  const service = await startService(data)
  onTestFinished(() => service.stop())
  expect(JSON.parse((await run(...backfill)).stdout)).toMatchObject({ stored: 0, duplicate: 1200 })
  // Of the file's three parts the two that were whole are known; the third is looked at again.
  await expect
    .poll(() => service.operations.ledger(), { timeout: 10_000 })
    .toMatchObject({ total: { received: 1400, stored: 1200, duplicate: 200, queued: 0, difference: 0 } })

  const range = ['--from', '2024-02-01', '--to', '2024-03-01']
  for (const format of ['csv', 'parquet']) {
    const out = await run('export', ...range, '--out', at(`out.${format}`), '--json')
    expect([out.stderr, JSON.parse(out.stdout)]).toMatchObject(['', { rows: 1200 }])
  }
  // A file has the format that its name says; of a CSV for Excel the first character is its mark.
  const day = ['flow', '--from', '2024-02-01', '--to', '2024-02-02', '--every', 'all', '--by', 'direction']
  expect(await run(...day, '--out', at('flow.parquet'))).toMatchObject({ code: 0, stdout: '' })
  expect(readFileSync(at('flow.parquet')).subarray(0, 4).toString()).toBe('PAR1')
  expect(await run(...day, '--bom', '--out', at('flow.csv'))).toMatchObject({ code: 0 })
  expect(readFileSync(at('flow.csv'), 'utf8')).toMatch(/^\ufeffstart,direction,passages\r\n/)
  expect((await run(...day, '--bom', '--format', 'csv')).stdout).toMatch(/^\ufeffstart,/)
  expect((await run(...day, '--format', 'csv')).stdout).toMatch(/^start,/)
  const rows = parse(readFileSync(at('out.csv')), { columns: true }) as Record<string, string>[]
  expect(rows).toHaveLength(1200)
  expect(rows[0]).toMatchObject({ time: '2024-02-01T08:00:00.000+08:00', site: '南社', building: '12栋', late: 'true', holder: '' })
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const counted = await connection.runAndReadAll(`SELECT direction, count(*)::INTEGER FROM '${at('out.parquet')}' GROUP BY ALL ORDER BY ALL`)
  expect(counted.getRows()).toEqual([['in', 800], ['out', 400]])
  connection.closeSync()
  instance.closeSync()
}, 90_000) // biome-ignore format: long lines
