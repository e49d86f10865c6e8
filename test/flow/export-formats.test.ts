import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { tableFromIPC } from 'apache-arrow'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arrow } from '../../flow/export/arrow.ts'
import { csv } from '../../flow/export/csv.ts'
import type { Encoder } from '../../flow/export/encoder.ts'
import { jsonLines } from '../../flow/export/json-lines.ts'
import { parquet } from '../../flow/export/parquet.ts'
import type { ScanBatch } from '../../ingest/store/scan.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { batchOf, type Cells, columns, gather, someRows } from './export-table.ts'

const zone = 'Asia/Shanghai'
const encode = (encoder: Encoder, batches: readonly ScanBatch[], options = {}) =>
  gather(encoder.encode({ columns, batches, zone }, options))

/** As DuckDB, whose reader is not ours, reads a Parquet file: times in epoch ms. */
async function readParquet(
  bytes: Buffer,
  select = `epoch_ms(time)::DOUBLE, site, late, "openMs"::DOUBLE, "speedKmh"`,
) {
  const path = join(await temporaryDirectory(), 'out.parquet')
  writeFileSync(path, bytes)
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(`SELECT ${select} FROM '${path}'`)).getRows()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** As Arrow's own library reads it. */
function readArrow(bytes: Buffer): Cells[] {
  const table = tableFromIPC(bytes)
  return table.toArray().map(row => columns.map(({ name }) => plain(row[name])))
}
const plain = (value: unknown) => (typeof value === 'bigint' ? Number(value) : (value as string | null))

const readers: [string, Encoder, (bytes: Buffer) => Promise<unknown> | unknown][] = [
  ['Parquet, read by DuckDB', parquet, bytes => readParquet(bytes)],
  ['Arrow, read by Arrow', arrow, readArrow],
]

describe.each(readers)('%s', (_, encoder, read) => {
  test('comes back as it was: Chinese, nulls, large and broken numbers', async () => {
    expect(await read(await encode(encoder, [batchOf(someRows)]))).toEqual(someRows)
  })

  test('has the columns also where there are no rows', async () => {
    expect(await read(await encode(encoder, []))).toEqual([])
    expect(await read(await encode(encoder, [batchOf([])]))).toEqual([])
  })

  test('puts batches behind one another, each with words of its own', async () => {
    const batches = someRows.map(row => batchOf([row]))
    expect(await read(await encode(encoder, batches))).toEqual(someRows)
  })

  test('takes any rows, whatever is absent', async () => {
    const cells = fc.tuple(
      fc.integer({ min: -1e13, max: 1e14 }),
      fc.option(fc.string({ unit: 'grapheme', maxLength: 8 }).map(text => text.toWellFormed())),
      fc.option(fc.boolean()),
      fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
      fc.option(fc.double({ noNaN: true })),
    )
    const parts = fc.array(fc.array(cells, { maxLength: 40 }), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(parts, async batches => {
        const bytes = await encode(encoder, batches.map(rows => batchOf(rows)))
        expect(await read(bytes)).toEqual(batches.flat())
      }),
      { numRuns: 30 },
    ) // biome-ignore format: short
  })

  test('takes a column of one word, and of more words than fit a byte', async () => {
    const rows = Array.from({ length: 3000 }, (_, i): Cells => [i, `w${(i * 7) % 1000}`, true, 5, i])
    expect(await read(await encode(encoder, [batchOf(rows)]))).toEqual(rows)
    const alike = rows.map(([time]): Cells => [time!, 'same', null, null, 1])
    expect(await read(await encode(encoder, [batchOf(alike)]))).toEqual(alike)
  })
})

test('a Parquet file tells its zone, and bounds by which readers leave parts out', async () => {
  const bytes = await encode(parquet, [batchOf(someRows)])
  const path = join(await temporaryDirectory(), 'out.parquet')
  writeFileSync(path, bytes)
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const ask = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson()
  expect(await ask(`SELECT decode(key), decode(value) FROM parquet_kv_metadata('${path}')`)).toEqual([
    ['zone', zone],
  ])
  expect(
    await ask(`SELECT path_in_schema, stats_null_count, stats_min_value, stats_max_value FROM parquet_metadata('${path}') WHERE column_id IN (0, 3)`),
  ).toEqual([
    ['time', '0', '1969-01-01 00:00:00+00', '2026-11-21 00:30:00.04+00'],
    ['openMs', '1', '0', '9007199254740991'],
  ]) // biome-ignore format: a line each
  connection.closeSync()
  instance.closeSync()
})

test('an Arrow file has times of its zone', async () => {
  const { schema } = tableFromIPC(await encode(arrow, []))
  expect(schema.fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`)).toEqual([
    'time Timestamp<MILLISECOND, Asia/Shanghai> true',
    'site Utf8 true',
    'late Bool true',
    'openMs Int64 true',
    'speedKmh Float64 true',
  ])
})

describe('a CSV', () => {
  test('comes back as it was, with times of the zone', async () => {
    const text = (await encode(csv, [batchOf(someRows)])).toString()
    expect(parse(text, { columns: true })).toEqual([
      { time: '2026-11-21T08:30:00.000+08:00', site: '南社', late: 'true', openMs: '4000000000', speedKmh: '41.5' },
      { time: '2026-11-21T08:30:00.001+08:00', site: '12栋, "东"', late: 'false', openMs: '0', speedKmh: '-0.25' },
      { time: '2026-11-21T08:30:00.040+08:00', site: '', late: '', openMs: '', speedKmh: '' },
      { time: '1969-01-01T08:00:00.000+08:00', site: "'=1+2", late: 'false', openMs: '9007199254740991', speedKmh: '1e-300' },
      { time: '2026-11-21T08:30:00.000+08:00', site: 'a\\u000ab', late: 'true', openMs: '1', speedKmh: '3' },
    ]) // biome-ignore format: a row a line
  })

  test('begins with its names, and with a mark where Excel is to know UTF-8, unless it goes on', async () => {
    const text = async (options: object) => (await encode(csv, [], options)).toString()
    expect(await text({})).toBe('time,site,late,openMs,speedKmh\r\n')
    expect(await text({ bom: true })).toBe('\ufefftime,site,late,openMs,speedKmh\r\n')
    expect(await text({ bom: true, head: false })).toBe('')
  })
})

test('JSON lines come back as they were', async () => {
  const text = (await encode(jsonLines, [batchOf(someRows)])).toString()
  const lines = text.split('\n')
  expect(lines.pop()).toBe('')
  expect(lines.map(line => JSON.parse(line)).map(({ time, ...rest }) => [Date.parse(time), ...Object.values(rest)])).toEqual(someRows) // biome-ignore format: one line
})

test('200,000 rows are in memory a batch at a time, however many bytes they make', async () => {
  const rows = Array.from({ length: 10_000 }, (_, i): Cells => [i, `d${i % 2400}`, i % 9 === 0, i, i / 3])
  for (const encoder of [csv, jsonLines, parquet, arrow]) {
    let [made, done, ahead] = [0, 0, 0]
    function* batches() {
      for (; made < 20; made++) {
        ahead = Math.max(ahead, made - done)
        yield batchOf(rows)
      }
    }
    const before = process.memoryUsage()
    let peak = 0
    for await (const _ of encoder.encode({ columns, batches: batches(), zone }, { onBatch: () => done++ })) {
      const { heapUsed, arrayBuffers } = process.memoryUsage()
      peak = Math.max(peak, heapUsed + arrayBuffers)
    }
    expect([made, done, ahead]).toEqual([20, 20, 0])
    expect(peak - before.heapUsed - before.arrayBuffers).toBeLessThan(150e6)
  }
})

test('each batch is told once all of its bytes are taken', async () => {
  for (const encoder of [csv, jsonLines, parquet, arrow]) {
    const told: string[] = []
    const onBatch = ({ cursor }: ScanBatch) => told.push(cursor)
    const bytes = encoder.encode(
      { columns, batches: [batchOf(someRows), batchOf(someRows.slice(1))], zone },
      { onBatch },
    )
    let before = 0
    for await (const _ of bytes) before = Math.max(before, told.length)
    expect([told, before > 0]).toEqual([['5', '4'], true])
  }
})
