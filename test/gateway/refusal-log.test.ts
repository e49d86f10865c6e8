import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import type { Refusal } from '../../gateway/broker/broker.ts'
import { printable } from '../../gateway/broker/printable.ts'
import { RefusalLog } from '../../gateway/refusal-log.ts'
import { someMoment } from '../support/records.ts'

function refusalLog() {
  let now = someMoment
  const lines: string[] = []
  const log = new RefusalLog(
    pino({ base: null, timestamp: false }, { write: line => lines.push(line) }),
    () => now,
    device => /^d\d+$/.test(device),
  )
  return {
    log,
    lines,
    pass(ms: number) {
      now += ms
    },
    add(times: number, change: Partial<Refusal> = {}) {
      for (let n = 0; n < times; n++)
        log.add({
          at: now,
          code: 'CONNECT_TOKEN_WRONG',
          reason: `r${n}`,
          device: 'd1',
          address: 'a',
          ...change,
        })
    },
  }
}

describe('the log of refusals', () => {
  test('writes twenty lines a second, and how many it did not', () => {
    const { lines, add, pass } = refusalLog()
    add(1000)
    expect(lines).toHaveLength(20)
    pass(1000)
    add(1)
    expect(lines.slice(20).map(line => JSON.parse(line))).toEqual([
      { level: 40, lines: 980, msg: 'refusals were not logged one by one' },
      {
        level: 40,
        at: someMoment + 1000,
        code: 'CONNECT_TOKEN_WRONG',
        reason: 'r0',
        device: 'd1',
        address: 'a',
        msg: 'refused',
      },
    ])
    pass(1000)
    add(1)
    expect(lines).toHaveLength(23)
  })

  test('tells a reason of our own in one line, whomever it concerns, then by counts', () => {
    const { lines, add, pass } = refusalLog()
    for (let n = 0; n < 40; n++) {
      add(100, { code: 'JOURNAL_DISK_LOW', device: `d${n}` })
      pass(1000)
    }
    expect(lines.map(line => JSON.parse(line).times)).toEqual([undefined, 1000])
    pass(100_000)
    add(1, { code: 'JOURNAL_DISK_LOW' })
    const [before, again] = lines.slice(2).map(line => JSON.parse(line))
    expect(before).toEqual({
      level: 40,
      code: 'JOURNAL_DISK_LOW',
      times: 4000 - 1 - 1000,
      msg: 'refused before',
    })
    expect(again).not.toHaveProperty('times')
  })

  test('keeps the latest of each device, or of each address, and counts all by code', () => {
    const { log, add } = refusalLog()
    add(300)
    add(5, { code: 'SUBSCRIBE_DENIED', device: 'd2' })
    add(2, { code: undefined, device: undefined })
    expect(log.latest.map(({ device, reason }) => [device, reason])).toEqual([
      ['d1', 'r299'],
      ['d2', 'r4'],
      [undefined, 'r1'],
    ])
    expect([...log.counts]).toEqual([
      ['CONNECT_TOKEN_WRONG', 300],
      ['SUBSCRIBE_DENIED', 5],
      ['other', 2],
    ])
  })

  test('keeps those of at most 10,000', () => {
    const { log, add } = refusalLog()
    for (let n = 0; n < 10_005; n++) add(1, { device: `d${n}` })
    expect(log.latest).toHaveLength(10_000)
    expect(log.latest[0]?.device).toBe('d5')
  })

  test('keeps what a device did and what others said in its name apart, and strangers wipe neither', () => {
    const { log, add, pass } = refusalLog()
    add(1, { device: 'd1', code: 'PUBLISH_TOPIC_FOREIGN' })
    pass(1)
    add(1, { device: 'd1', claimed: true, address: 'x' })
    pass(1)
    for (let n = 0; n < 20_000; n++) add(1, { device: `ghost-${n}`, claimed: true })
    for (let n = 0; n < 20_000; n++) add(1, { device: undefined, address: `a${n}` })
    const ofD1 = log.latest.filter(({ device }) => device === 'd1')
    expect(ofD1.map(({ code, claimed }) => [code, claimed])).toEqual([
      ['PUBLISH_TOPIC_FOREIGN', undefined],
      ['CONNECT_TOKEN_WRONG', true],
    ])
    expect(log.latest.length).toBeLessThanOrEqual(1002)
  })

  test('writes one line whatever is in it', () => {
    const { lines, add } = refusalLog()
    add(1, { reason: 'a\n{"level":60}\r\u001b[31m', device: 'x\ny' })
    expect(lines.join('').trimEnd()).not.toMatch(/\p{Cc}/u)
  })
})

describe('text of a stranger', () => {
  const cases = [
    ['plain text', '门禁 d1', '门禁 d1'],
    ['line feeds', 'a\r\nb', 'a\\u000d\\u000ab'],
    ['escape sequences', '\u001b[2J', '\\u001b[2J'],
    ['NUL and DEL', '\0\u007f', '\\u0000\\u007f'],
    ['C1 controls', '\u009b31m', '\\u009b31m'],
    ['marks that turn the direction of text', '\u202eabc\u2066', '\\u202eabc\\u2066'],
    ['line separators', '\u2028\u2029', '\\u2028\\u2029'],
    ['zero-width characters', 'a\u200bb\ufeff', 'a\\u200bb\\ufeff'],
    ['a mobile number', 'lintel/v1/d1/user/13800138000', 'lintel/v1/d1/user/<number>'],
    ['an identity number', 'a 11010519491231002X.', 'a <number>.'],
    ['a serial number', 'lintel/v1/860123456789012/event', 'lintel/v1/860123456789012/event'],
    ['tags outside the basic plane', '\u{e0041}', '\\ue0041'],
  ] as const
  test.each(cases)('with %s is made printable', (_, text, shown) => expect(printable(text)).toBe(shown))
  test('is cut', () => expect(printable('x'.repeat(70_000))).toHaveLength(200))
})
