import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRejects, rejectedFile } from '../../ingest/store/influx-rejects.ts'
import { someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('lines that are refused for good are kept, the newest of them, for their owner alone', async () => {
  const directory = join(await temporaryDirectory(), 'store')
  const rejects = createRejects(directory, () => someMoment, 400)
  for (let i = 0; i < 20; i++) await rejects.keep([{ line: `m n=${i}i`, reason: 'no "such" thing' }])
  const path = join(directory, rejectedFile)
  const linesOf = (file: string) => readFileSync(file, 'utf8').trim().split('\n').map(text => JSON.parse(text)) // biome-ignore format: one line
  const kept = [...linesOf(`${path}.1`), ...linesOf(path)]
  expect(kept.at(-1)).toEqual({ at: '2026-11-21T08:30:00.000Z', reason: 'no "such" thing', line: 'm n=19i' })
  expect(kept.map(({ line }) => line)).toEqual(kept.map((_, i) => `m n=${20 - kept.length + i}i`))
  expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThanOrEqual(800)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(rejects.count()).toBe(20)
})
