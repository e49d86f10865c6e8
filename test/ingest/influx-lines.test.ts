import { array, assert, constantFrom, integer, oneof, property, record, sample, string } from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { columnFieldsOf, storedKinds } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { createLines, isTag, nanoseconds, positionLine } from '../../ingest/store/influx-lines.ts'
import { fromTag, literal, stringField, toTag } from '../../ingest/store/influx-names.ts'
import { createInfluxStore } from '../../ingest/store/influx-store.ts'
import { describeInfluxd, settingsFor } from '../support/influxd.ts'
import { passage, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { place, row } from './store-batch.ts'

/** Line protocol, read as InfluxDB does: https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/ */
function parseLine(line: string) {
  let at = 0
  function until(ends: string): string {
    let text = ''
    while (at < line.length && !ends.includes(line[at]!)) {
      if (line[at] === '\\' && ',= '.includes(line[at + 1]!)) at++
      text += line[at++]
    }
    return text
  }
  function quoted(): string {
    let text = ''
    for (at++; line[at] !== '"'; at++) {
      if (line[at] === '\\' && '"\\'.includes(line[at + 1]!)) at++
      text += line[at]
    }
    at++
    return text
  }
  const measurement = until(', ')
  const tags: Record<string, string> = {}
  const fields: Record<string, unknown> = {}
  while (line[at] === ',') {
    at++
    const key = until('=')
    at++
    tags[key] = until(', ')
  }
  do {
    at++
    const key = until('=')
    at++
    fields[key] = line[at] === '"' ? quoted() : until(', ')
  } while (line[at] === ',')
  const time = line.slice(at + 1)
  return { measurement, tags, fields, time }
}

const odd = constantFrom(
  '\\',
  ',',
  '=',
  ' ',
  '\n',
  '\r',
  '"',
  "'",
  '%',
  '%5C',
  '栋',
  '🚪',
  '\u0000',
  '\u2028',
  '#',
)
const someText = array(oneof(odd, string({ unit: 'binary', maxLength: 4 })), { minLength: 1, maxLength: 6 })
  .map(parts => parts.join(''))
  .filter(text => text !== '')

describe('a line', () => {
  test('says what the record and its place say, whatever is in their names', () => {
    const rows = record({ site: someText, building: someText, point: someText, journal: someText, firmware: someText, seq: integer({ min: 1 }), at: integer({ min: -1e12, max: 4e12 }) }) // biome-ignore format: one line
    assert(
      property(rows, ({ site, building, point, journal, firmware, seq, at }) => {
        const status: EventRecord = {
          ...passage({ at }),
          kind: 'status',
          late: true,
          data: { state: 'online', firmware },
        }
        const line = createLines(journal)(row(seq, status, place(1, { site, building, point })))
        expect(line).not.toMatch(/\n/)
        const { measurement, tags, fields, time } = parseLine(line)
        expect(measurement).toBe('status')
        expect(Object.keys(tags)).toEqual(['building', 'device', 'journal', 'point', 'site', 'state', 'zone'])
        expect(Object.fromEntries(Object.entries(tags).map(([key, tag]) => [key, fromTag(tag)]))).toEqual({
          building, device: 'd1', journal, point, site, state: 'online', zone: 'Asia/Shanghai',
        }) // biome-ignore format: names
        expect(fields).toEqual({
          n: '1i', seq: `${seq}i`, receivedMs: `${status.receivedAt}i`, late: 'true', firmware: firmware.replace(/\p{Cc}/gu, ' '),
        }) // biome-ignore format: names
        expect(BigInt(time) / 1_000_000n).toBe(
          BigInt(at) - (at < 0 && BigInt(time) % 1_000_000n !== 0n ? -1n : 0n),
        )
        expect(Number(((BigInt(time) % 1_000_000n) + 1_000_000n) % 1_000_000n)).toBe(seq % 1_000_000)
      }),
    )
  })

  test('leaves out what is absent, and tells numbers, texts and flags apart', () => {
    const lines = createLines('j')
    const sighting: EventRecord = {
      ...passage(),
      kind: 'sighting',
      skewed: true,
      data: { outcome: 'missing', reason: 'PICTURE_MISSING', person: 0, dark: false, boxes: [] },
    }
    expect([
      lines(row(7)),
      lines(row(8, sighting, place(2, { building: '' }))),
      positionLine('j', 8),
    ]).toMatchInlineSnapshot(`
      [
        "passage,building=b01,device=d1,direction=in,holder=resident,journal=j,method=card,point=p1,result=granted,site=nanshe,zone=Asia/Shanghai n=1i,seq=7i,receivedMs=1795249800040i 1795249800000000007",
        "sighting,device=d2,journal=j,outcome=missing,point=p2,site=nanshe,zone=Asia/Shanghai n=1i,seq=8i,receivedMs=1795249800040i,skewed=true,reason="PICTURE_MISSING",person=0,dark=false 1795249800000000008",
        "lintel_applied,journal=j seq=8i 4102444800000000000",
      ]
    `)
  })

  test('has each member as a tag or as a field, for ever the same', () => {
    const tags = storedKinds.map(kind => [
      kind,
      ...columnFieldsOf(kind)
        .filter(isTag)
        .map(({ name }) => name),
    ])
    expect(tags).toEqual([
      ['passage', 'direction', 'result', 'method', 'holder', 'reason'],
      ['door', 'state'],
      ['vehicle', 'class', 'direction', 'lane'],
      ['tamper'],
      ['health'],
      ['status', 'state'],
      ['sighting', 'outcome'],
    ])
  })

  test('has a time of its own for each of a million records of one millisecond', () => {
    const times = Array.from({ length: 1000 }, (_, i) => nanoseconds(someMoment, 999_500 + i))
    expect(new Set(times).size).toBe(1000)
    expect(times.every(time => BigInt(time) / 1_000_000n === BigInt(someMoment))).toBe(true)
    expect([nanoseconds(0, 5), nanoseconds(-1, 5), nanoseconds(1, 5)]).toEqual(['5', '-999995', '1000005'])
  })

  test('and a literal hold texts that stay one text', () => {
    assert(
      property(someText, text => {
        expect(fromTag(toTag(text))).toBe(text.toWellFormed())
        expect(toTag(text)).not.toMatch(/[\\\n]/)
        expect(literal(text).slice(1, -1).replaceAll("\\'", '')).not.toMatch(/['\\\n]/)
        expect(stringField(text)).toMatch(/^"(?:[^"\\]|\\["\\])*"$/)
      }),
    )
  })
})

describeInfluxd('what InfluxDB gives back', influxd => {
  test('is every name as it was, and every text', async () => {
    const names = [...new Set(sample(someText, 400).map(text => text.toWellFormed()))]
    const settings = settingsFor(influxd().url)
    const store = createInfluxStore({ ...settings, directory: await temporaryDirectory(), clock: Date.now })
    onTestFinished(() => store.close())
    const status = (firmware: string): EventRecord => ({ ...passage(), kind: 'status', data: { state: 'online', firmware } }) // biome-ignore format: one line
    const rows = names.flatMap((site, i) => {
      const at = place(i + 1, { site, building: names.at(-1 - i)! })
      return [row(2 * i + 1, passage(), at), row(2 * i + 2, status(site), at)]
    })
    await store.write({ journal: names[0]!, rows, next: rows.length })
    expect((await store.stats()).rejected).toBe(0)
    const cells = await store.cells({
      kind: 'passage',
      segments: [{ from: someMoment, to: someMoment + 1, offsetMs: 0 }],
      stepMs: 1,
      by: ['device', 'site', 'building'],
      where: {},
    })
    const want = names.map((site, i) => [`d${i + 1}`, site, names.at(-1 - i), 1])
    expect(cells.map(({ values, count }) => [...values, count]).sort()).toEqual(want.sort())
    expect(await store.applied(names[0]!)).toBe(rows.length)
    const { results } = (await influxd().ask(
      'SELECT "firmware" FROM "status" GROUP BY "device"',
      settings.database,
    )) as {
      results: [{ series: { tags: { device: string }; values: [number, string][] }[] }]
    }
    const texts = new Map(results[0].series.map(({ tags, values }) => [tags.device, values[0]![1]]))
    for (const [i, name] of names.entries())
      expect(texts.get(`d${i + 1}`)).toBe(name.replace(/\p{Cc}/gu, ' '))
  })
})
