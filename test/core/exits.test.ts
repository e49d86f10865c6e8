import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ErrorCode, errorCodes, LintelError } from '../../core/errors.ts'
import { exitCodeOf, exitCodes, isEndOfProcess } from '../../core/exits.ts'

const manual = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8')
const section = manual.slice(
  manual.indexOf('## When a process ends'),
  manual.indexOf('## When the disk is full'),
)
const told = new Set([...section.matchAll(/^\| (\d+) /gm)].map(([, status]) => Number(status)))

describe('how a process ends', () => {
  test('is a table in the manual, with a row for each exit status', () => {
    expect([...told].sort((a, b) => a - b)).toEqual(Object.values(exitCodes).sort((a, b) => a - b))
  })

  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    const isConfiguration = ['CONFIG_INVALID', 'DATA_VERSION'].includes(code)
    test(`with ${code} is ${isConfiguration ? 'for good' : 'to be started again'}`, () => {
      const status = exitCodeOf(new LintelError(code, 'why'))
      expect(status === exitCodes.config).toBe(isConfiguration)
      expect(status).not.toBe(exitCodes.ok)
      // Whatever ends a process in the middle of its work can be tried again.
      if (isEndOfProcess(new LintelError(code, 'why'))) expect(errorCodes[code].retryable).toBe(true)
    })
  }

  test('with an error of nobody is a failure', () => {
    expect([exitCodeOf(new Error('x')), exitCodeOf('x'), exitCodeOf(undefined)]).toEqual([1, 1, 1])
  })
})
