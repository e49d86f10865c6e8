import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { BackfillPart } from '../../api/operations/backfill-part.ts'
import { backfillFile } from '../../cli/backfill/backfill-file.ts'
import { createIdDeriver } from '../../cli/backfill/derive-id.ts'
import { LintelError } from '../../core/errors.ts'
import { isEventId } from '../../devices/contract/validate.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function run(name: string, text: string, change: object = {}, fail = 0) {
  const path = join(await temporaryDirectory(), name)
  writeFileSync(path, text)
  const parts: BackfillPart[] = []
  const faults: unknown[] = []
  let failures = fail
  const operations = {
    async backfill(part: BackfillPart) {
      if (failures-- > 0) throw new LintelError('JOURNAL_FULL', 'full')
      parts.push(part)
      return { known: 0, outcomes: part.rows.map(() => 'stored' as const) }
    },
  }
  const format = name.endsWith('.csv') ? 'csv' : 'jsonl'
  const counts = await backfillFile(operations, {
    path,
    format,
    dryRun: false,
    onFault: fault => faults.push(fault),
    ...change,
  })
  return { parts, faults, counts, rows: parts.flatMap(({ rows }) => rows) }
}

const time = '2021-03-04T05:06:07+08:00'

describe('a CSV', () => {
  test('gives events of the types that the contract has', async () => {
    const { rows, counts } = await run(
      'f.csv',
      `\ufeffdevice,id,type,time,state,openMs,class,direction,speedKmh,part,active\r\nd1,a,door,${time},held,4000,,,,,\r\nd2,b,vehicle,${time},,,car,in,41.5,,\r\nd2,c,tamper,${time},,,,,,"case",TRUE\r\nd2,d,door,${time},open,long,,,,,\r\n`,
    )
    expect(rows).toEqual([
      { device: 'd1', event: { id: 'a', type: 'door', time, data: { state: 'held', openMs: 4000 } } },
      { device: 'd2', event: { id: 'b', type: 'vehicle', time, data: { class: 'car', direction: 'in', speedKmh: 41.5 } } },
      { device: 'd2', event: { id: 'c', type: 'tamper', time, data: { part: 'case', active: true } } },
      { device: 'd2', event: { id: 'd', type: 'door', time, data: { state: 'open', openMs: 'long' } } },
    ]) // biome-ignore format: a row a line
    expect(counts).toEqual({ rows: 4, stored: 4, duplicate: 0, faults: 0 })
  })

  test('takes device and type from the command where a row has none, and says where nobody does', async () => {
    const text = `device,time,state\nd1,${time},open\n,${time},open\n`
    const whole = await run('f.csv', text, { device: 'd7', type: 'door' })
    expect(whole.rows).toMatchObject([
      { device: 'd1', event: { type: 'door' } },
      { device: 'd7', event: { type: 'door' } },
    ])
    const part = await run('f.csv', text, { type: 'door' })
    expect(part.faults).toEqual([{ line: 3, code: 'DEVICE_INVALID', reason: expect.any(String) }])
    expect(part.counts).toEqual({ rows: 2, stored: 1, duplicate: 0, faults: 1 })
  })
})

describe('JSON lines', () => {
  test('give events as they are, and each broken line its number', async () => {
    const event = { type: 'door', time, data: { state: 'open' } }
    const lines = [JSON.stringify({ device: 'd1', id: 'a', ...event }), '{"broken', '', '[1]', JSON.stringify({ device: 'd1', id: 'b', ...event })]
    const { rows, faults } = await run('f.jsonl', lines.join('\n'))
    expect(rows.map(({ event }) => (event as { id: string }).id)).toEqual(['a', 'b'])
    expect(faults).toMatchObject([{ line: 2, code: 'EVENT_MALFORMED' }, { line: 4, code: 'EVENT_MALFORMED' }])
  }) // biome-ignore format: short

  test('are not held in memory where a line has no end', async () => {
    await expect(run('f.jsonl', 'x'.repeat(200_000))).rejects.toMatchObject({ code: 'IMPORT_ROW_INVALID' })
  })

  test('go in parts that say how many rows come before, and again after a failure that passes', async () => {
    const lines = Array.from({ length: 1100 }, (_, i) => JSON.stringify({ device: 'd1', id: `e${i}`, type: 'door', time, data: { state: 'open' } }))
    const { parts, counts } = await run('f.jsonl', lines.join('\n'), {}, 1)
    expect(parts.map(({ before, rows }) => [before, rows.length])).toEqual([[0, 500], [500, 500], [1000, 100]])
    expect(new Set(parts.map(({ file }) => file.hash)).size).toBe(1)
    expect(counts.stored).toBe(1100)
  }) // biome-ignore format: short
})

test('times without an offset are those of the zone, where it is told', async () => {
  const text = 'time,state\n2021-03-04 05:06:07,open\n2021-03-04T05:06:07Z,open\nnoon,open\n'
  const times = async (change: object) =>
    (await run('f.csv', text, { device: 'd1', type: 'door', ...change })).rows.map(({ event }) => (event as { time: string }).time) // biome-ignore format: one line
  expect(await times({ zone: 'Asia/Shanghai' })).toEqual([
    '2021-03-03T21:06:07.000Z',
    '2021-03-04T05:06:07Z',
    'noon',
  ])
  expect(await times({})).toEqual(['2021-03-04T05:06:07Z', 'noon'])
})

test('a time that is nearly one is refused with what it lacks, and without repeating it', async () => {
  const cases = [
    { time: '2021-03-04 05:06:07', zone: undefined, say: /has no offset: give --zone/ },
    { time: '2021-13-04 05:06:07', zone: 'Asia/Shanghai', say: /the calendar has no such time/ },
    { time: '2021-02-30T05:06:07Z', zone: undefined, say: /the calendar has no such time/ },
  ]
  for (const { time, zone, say } of cases) {
    const { faults } = await run('f.csv', `time,state\n${time},open\n`, { device: 'd1', type: 'door', zone })
    expect(faults).toEqual([{ line: 2, code: 'EVENT_TIME_INVALID', reason: expect.stringMatching(say) }])
    expect(JSON.stringify(faults)).not.toContain('05:06')
  }
})

test('a file is another one where something else is said of its rows', async () => {
  const text = `time,state\n${time},open\n`
  const hashes = await Promise.all(
    ['d1', 'd2', 'd1'].map(
      async device => (await run('f.csv', text, { device, type: 'door' })).parts[0]!.file.hash,
    ),
  )
  expect([hashes[0] === hashes[2], hashes[0] === hashes[1]]).toEqual([true, false])
})

describe('an id that is derived', () => {
  const passage = (change: object = {}) => ({
    type: 'passage',
    time,
    data: { direction: 'in', method: 'card', ...change },
  })

  test('is an id of the contract, the same for the same row of any file', () => {
    const id = createIdDeriver()('d1', passage())
    expect(id).toMatch(/^backfill-[a-p]{32}$/)
    expect(isEventId(id)).toBe(true)
    expect(
      createIdDeriver()('d1', { ...passage({ name: '张三' }), card: '6222', time: '2021-03-03T21:06:07Z' }),
    ).toBe(id)
    const turned = { data: { method: 'card', direction: 'in' }, time, type: 'passage' }
    expect(createIdDeriver()('d1', turned)).toBe(id)
  })

  test('differs by device, by what happened, and for a second that is alike', () => {
    const derive = createIdDeriver()
    const ids = [derive('d1', passage()), derive('d1', passage()), derive('d2', passage()), derive('d1', passage({ direction: 'out' }))]
    expect(new Set(ids).size).toBe(4)
    const again = createIdDeriver()
    expect([again('d1', passage()), again('d1', passage())]).toEqual(ids.slice(0, 2))
  }) // biome-ignore format: short
})

describe('a file that is not UTF-8', () => {
  const bytes = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding)
  const gbk = Buffer.concat([bytes(`device,id,type,time\nd1,a,door,${time}\n`, 'utf8'), Buffer.from([0xc4, 0xcf, 0xc9, 0xe7, 0x0a])]) // biome-ignore format: one thing
  const cases = [
    { title: 'GBK, before any of it is stored', name: 'f.csv', content: gbk, says: /^line 3 is not UTF-8.*GB18030/ },
    { title: 'GBK in JSON lines', name: 'f.jsonl', content: Buffer.concat([bytes('{"device":"d1"}\n{"n":"', 'utf8'), Buffer.from([0xc4, 0xcf]), bytes('"}', 'utf8')]), says: /^line 2 is not UTF-8/ },
    { title: 'UTF-16', name: 'f.csv', content: bytes('device,id\n', 'utf16le'), says: /UTF-16/ },
  ] // biome-ignore format: a table
  for (const { title, name, content, says } of cases)
    test(`is refused: ${title}`, async () => {
      const path = join(await temporaryDirectory(), name)
      writeFileSync(path, content)
      const backfill = () => Promise.reject(new Error('nothing may be sent'))
      const format = name.endsWith('.csv') ? 'csv' : 'jsonl'
      const failure = backfillFile({ backfill }, { path, format, dryRun: false, onFault: () => {} })
      await expect(failure).rejects.toMatchObject({ code: 'IMPORT_ROW_INVALID', message: expect.stringMatching(says) }) // biome-ignore format: one thing
    })

  test('and one with Chinese in UTF-8, cut anywhere between two reads, is read', async () => {
    const { counts } = await run('f.jsonl', `${JSON.stringify({ device: 'd1', time, note: '南社'.repeat(9000) })}\n`) // biome-ignore format: one thing
    expect(counts.rows).toBe(1)
  })
})
