import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { codeOf, errorCodes, LintelError, messageOf } from '../../core/errors.ts'

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
const rows = page
  .split('\n')
  .filter(line => line.startsWith('| `'))
  .map(line => line.split(/(?<!\\)\|/).map(cell => cell.trim()))
  .map(([, code = '', meaning = '', remedy = '', retry = '']) => ({
    code: code.replaceAll('`', ''),
    meaning,
    remedy,
    retry,
  }))

describe('docs/errors.md', () => {
  test('has one row for each code, and none for others', () => {
    expect(rows.map(({ code }) => code).sort()).toEqual(Object.keys(errorCodes).sort())
  })

  for (const { code, meaning, remedy, retry } of rows) {
    test(`says what ${code} means and what to do, and rightly whether to try again`, () => {
      expect(meaning.length).toBeGreaterThan(15)
      expect(remedy.length).toBeGreaterThan(15)
      expect(retry).toBe(errorCodes[code as keyof typeof errorCodes].retryable ? 'yes' : 'no')
    })
  }
})

test('every code is STAGE_REASON', () => {
  for (const code of Object.keys(errorCodes)) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)+$/)
})

test('an error of ours answers its code, and whether to try again; any other has none', () => {
  const cause = new Error('disk')
  const error = new LintelError('STORE_UNAVAILABLE', 'why', { cause })
  expect(error).toMatchObject({
    name: 'LintelError',
    code: 'STORE_UNAVAILABLE',
    retryable: true,
    message: 'why',
    cause,
  })
  expect(new LintelError('DEVICE_INVALID', '').retryable).toBe(false)
  expect(codeOf(error)).toBe('STORE_UNAVAILABLE')
  expect(codeOf(new Error('x'))).toBeUndefined()
  expect(codeOf(undefined)).toBeUndefined()
  expect([messageOf(error), messageOf('text'), messageOf(undefined)]).toEqual(['why', 'text', 'undefined'])
})
