import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ExportQuestionOf } from '../../api/operations/operations.ts'
import { download } from '../../cli/export/download.ts'
import { openDraft } from '../../cli/export/file.ts'
import { LintelError } from '../../core/errors.ts'
import type { Exported } from '../../flow/export/export-rows.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const question = { kind: 'passage', from: '2026-11-21', to: '2026-11-22' }

/** Three parts of a row each; `breaks` says which requests end in the middle of one. */
function service(breaks: readonly number[], code: 'API_UNAVAILABLE' | 'API_FORBIDDEN' = 'API_UNAVAILABLE') {
  const asked: ExportQuestionOf[] = []
  const exportRows = async (given: ExportQuestionOf): Promise<Exported> => {
    const request = asked.push(given)
    const part = Number(given.cursor ?? 0)
    const last = given.limit === undefined ? 3 : part + 1
    async function* bytes() {
      for (let n = part + 1; n <= last; n++) {
        yield Buffer.from(`row `)
        if (breaks.includes(request)) throw new LintelError(code, 'the line was cut')
        yield Buffer.from(`${n}\n`)
      }
    }
    const progress = () => ({ rows: last - part, cursor: String(last) })
    return { mediaType: '', fileName: '', expected: 3 - part, bytes: bytes(), progress }
  }
  return { asked, exportRows }
}

async function draft() {
  const path = join(await temporaryDirectory(), 'out')
  return { path, file: await openDraft(path, false) }
}

test('a broken connection is taken up behind the last whole part', async () => {
  const { path, file } = await draft()
  const { asked, exportRows } = service([1, 3])
  const told: string[] = []
  const done = await download({ exportRows }, { ...question, format: 'csv' }, file, {
    onRetry: ({ message }) => told.push(message),
  })
  expect(existsSync(path)).toBe(false)
  await file.finish()
  expect(readFileSync(path, 'utf8')).toBe('row 1\nrow 2\nrow 3\n')
  expect(done).toEqual({ rows: 3, cursor: '3' })
  expect([asked.map(({ cursor }) => cursor), told.length]).toEqual([[undefined, undefined, '1', '1', '2'], 2])
})

test('a format whose files cannot be put together comes at once, and breaks for good', async () => {
  const { file } = await draft()
  const { asked, exportRows } = service([1])
  const broken = download({ exportRows }, { ...question, format: 'parquet' }, file)
  await expect(broken).rejects.toMatchObject({ code: 'API_UNAVAILABLE' })
  expect(asked.map(({ limit }) => limit)).toEqual([undefined])
  await file.close()
})

test('what will not pass is not tried again', async () => {
  const { file } = await draft()
  const { asked, exportRows } = service([1], 'API_FORBIDDEN')
  await expect(download({ exportRows }, { ...question, format: 'csv' }, file)).rejects.toThrow('cut')
  expect(asked).toHaveLength(1)
  await file.close()
})

test('a file that is there is overwritten only by force', async () => {
  const path = join(await temporaryDirectory(), 'out')
  writeFileSync(path, 'precious')
  await expect(openDraft(path, false)).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  const file = await openDraft(path, true)
  await file.write(Buffer.from('new'))
  expect(readFileSync(path, 'utf8')).toBe('precious')
  await file.finish()
  expect(readFileSync(path, 'utf8')).toBe('new')
})
