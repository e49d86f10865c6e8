import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { expect, test } from 'vitest'
import { createTimeFormat } from '../../flow/export/local-time.ts'

const zones = [
  'Asia/Shanghai',
  'Europe/Berlin',
  'America/Sao_Paulo',
  'Asia/Kathmandu',
  'UTC',
  'Australia/Lord_Howe',
]

test.each(zones)('times of %s are as Temporal writes them, in whatever order they come', zone => {
  const format = createTimeFormat(zone)
  const moments = fc.integer({ min: Date.UTC(1975, 0), max: Date.UTC(2040, 0) })
  fc.assert(
    fc.property(fc.array(moments), all => {
      for (const ms of all)
        expect(format(ms)).toBe(
          Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).toString({ timeZoneName: 'never', smallestUnit: 'millisecond' }),
        )
    }),
  ) // biome-ignore format: one line
})

test('the hour that a clock turns back is told apart by its offset', () => {
  const format = createTimeFormat('Europe/Berlin')
  const turn = Date.UTC(2026, 9, 25, 1)
  expect([format(turn - 1), format(turn)]).toEqual([
    '2026-10-25T02:59:59.999+02:00',
    '2026-10-25T02:00:00.000+01:00',
  ])
})
