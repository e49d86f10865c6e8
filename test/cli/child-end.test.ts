import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { afterEnd, type ChildEnd } from '../../cli/child-end.ts'
import { type ErrorCode, errorCodes, LintelError } from '../../core/errors.ts'
import { exitCodeOf, exitCodes } from '../../core/exits.ts'

const end = (change: Partial<ChildEnd>): ChildEnd => ({
  code: exitCodes.failed,
  signal: null,
  crashes: 0,
  failure: undefined,
  wasReady: false,
  ranMs: 100,
  attempt: 1,
  ...change,
})

const codes = Object.keys(errorCodes) as ErrorCode[]
const endsAtStart = (code: ErrorCode) => ['CONFIG_INVALID', 'DATA_VERSION', 'PORT_TAKEN'].includes(code)

const isOfDamage = (code: ErrorCode) => ['JOURNAL_CORRUPT', 'STATE_CORRUPT'].includes(code)

describe('when a process of the service ends', () => {
  for (const failure of codes) {
    const code = exitCodeOf(new LintelError(failure, 'why'))
    const again = isOfDamage(failure) ? 'data files are looked at' : 'it is started again'
    const what = endsAtStart(failure) ? 'the service ends' : again
    test(`before it was ever ready, with ${failure}, ${what}; afterwards ${again}`, () => {
      const first = afterEnd(end({ code, failure }), 0.5)
      if (endsAtStart(failure)) expect(first).toEqual({ endWith: failure === 'PORT_TAKEN' ? 1 : 78 })
      else expect(first).toHaveProperty(isOfDamage(failure) ? 'mend' : 'inMs')
      const later = afterEnd(end({ code, failure, wasReady: true }), 0.5)
      expect(later).toHaveProperty(isOfDamage(failure) ? 'mend' : 'inMs')
    })
  }

  for (const signal of ['SIGSEGV', 'SIGBUS', 'SIGABRT']) {
    test(`by ${signal}, it is started again; after a second crash in a row data files are looked at`, () => {
      const crash = { code: null, signal, wasReady: true }
      expect(afterEnd(end(crash), 0)).toHaveProperty('inMs')
      expect(afterEnd(end({ ...crash, crashes: 1 }), 0)).toEqual({ mend: true })
      expect(afterEnd(end({ ...crash, signal: 'SIGKILL', crashes: 1 }), 0)).toHaveProperty('inMs')
    })
  }

  test('killed during its very first start, it is started again', () => {
    expect(afterEnd(end({ code: null }), 0)).toEqual({ attempt: 2, inMs: 100 })
  })

  test('pauses grow to half a minute, and begin anew after it ran for a while', () => {
    const pauses: number[] = []
    let attempt = 1
    for (let n = 0; n < 12; n++) {
      const next = afterEnd(end({ attempt }), 0.999_999)
      if (!('inMs' in next)) throw new Error('it ended')
      pauses.push(next.inMs)
      attempt = next.attempt
    }
    expect(pauses).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000, 30_000])
    expect(afterEnd(end({ attempt, ranMs: 61_000 }), 0)).toEqual({ attempt: 2, inMs: 100 })
  })

  test('however it ends once it was ready, nothing ends the service', () => {
    const ends = fc.record({
      code: fc.option(fc.integer({ min: 0, max: 255 })),
      signal: fc.constantFrom(null, 'SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGBUS', 'SIGABRT'),
      crashes: fc.integer({ min: 0, max: 1000 }),
      failure: fc.option(fc.constantFrom(...codes), { nil: undefined }),
      wasReady: fc.constant(true),
      ranMs: fc.integer({ min: 0, max: 1e9 }),
      attempt: fc.integer({ min: 1, max: 1e6 }),
    })
    fc.assert(
      fc.property(ends, fc.double({ min: 0, max: 0.999, noNaN: true }), (ended, random) => {
        const next = afterEnd(ended, random)
        if ('mend' in next) return ended.code === exitCodes.damaged || ended.signal !== null
        return 'inMs' in next && next.inMs >= 100 && next.inMs <= 30_000
      }),
    )
  })
})
