import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dayMs } from '../../core/clock.ts'
import { openPageFile, pageBytes } from '../../core/lmdb-file/pages.ts'
import { checkJournal } from '../../gateway/journal/check-journal.ts'
import { Batch } from '../../gateway/journal/frame.ts'
import { answerWords } from '../../gateway/journal/group-commit.ts'
import { openDatabases } from '../../gateway/journal/lmdb-layout.ts'
import { openWriter, type Writer } from '../../gateway/journal/lmdb-writer.ts'
import { mendJournal } from '../../gateway/journal/mend.ts'
import { zeroPage } from '../support/damage.ts'
import { printedSeed, seededRandom } from '../support/random.ts'
import { passage, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const limits = { maxRememberedIds: 200, maxParked: 10, registered: [] }
const remembrance = { journals: new Map<string, number>(), registered: [] }

function commit(writer: Writer, device: number, ids: readonly string[], now: number): string[] {
  const batch = new Batch(new ArrayBuffer(256 * 1024))
  for (const id of ids) batch.append(device, 'event', { id, record: passage({ at: now }) }, 1)
  const frames = Buffer.from(batch.take(), 0, batch.length)
  const { outcomes } = writer.commit(frames, ids.length, { devices: [], places: [] }, now)
  return [...outcomes].map(code => answerWords[code]!)
}

function look(directory: string) {
  const file = openPageFile(join(directory, 'data.mdb'))
  const pages = new Map<string, number>()
  const { faults } = checkJournal(file, ({ table, offset }) =>
    pages.set(table, Math.floor(offset / pageBytes)),
  )
  file.close()
  return { faults, pages }
}

/** A journal that has forgotten ids: of old days, and parts of days of a device that sent very many. */
async function forgetful(): Promise<string> {
  const directory = await temporaryDirectory()
  const random = seededRandom(printedSeed('forgetful'))
  for (let n = 0; n < 30; n++) {
    const writer = openWriter({ directory, ...limits })
    // Days are not always in turn: a clock may be set back.
    const now = someMoment + Math.floor(random() * 40) * dayMs
    const device = 1 + Math.floor(random() * 3)
    const from = Math.floor(random() * 300)
    const ids = Array.from({ length: Math.floor(random() * 120) }, (_, i) => `id-${from + i}`)
    commit(writer, device, ids, now)
    if (random() < 0.5) writer.forget(now)
    await writer.close()
    expect(look(directory).faults, `commit ${n}`).toEqual([])
  }
  return directory
}

test('a journal that forgets ids is never taken for damaged', { timeout: 120_000 }, async () => {
  await forgetful()
})

for (const table of ['share', 'seen'])
  test(`a journal whose table ${table} is damaged knows each id of its records once it is rebuilt`, {
    timeout: 120_000,
  }, async () => {
    const directory = await forgetful()
    const copy = join(await temporaryDirectory(), 'copy')
    mkdirSync(copy)
    cpSync(join(directory, 'data.mdb'), join(copy, 'data.mdb'))
    const writer = openWriter({ directory: copy, ...limits, maxRememberedIds: 1000 })
    const last = Array.from({ length: 90 }, (_, i) => `last-${i}`)
    const now = someMoment + 100 * dayMs
    commit(writer, 1, last, now)
    await writer.close()

    zeroPage(join(copy, 'data.mdb'), look(copy).pages.get(table)!)
    const health = await mendJournal(copy, remembrance, someMoment)
    expect(health).toMatchObject({ kind: 'mended', mended: { lostRecords: 0 } })
    expect(look(copy).faults).toEqual([])

    const again = openWriter({ directory: copy, ...limits, maxRememberedIds: 1000 })
    onTestFinished(() => again.close())
    expect(new Set(commit(again, 1, last, now))).toEqual(new Set(['duplicate']))
    expect(again.stats().remembered).toBe(last.length)
    // What lies before is forgotten, and swept.
    again.forget(now)
    expect(commit(again, 1, ['new'], now)).toEqual(['stored'])
  })

test('a remembered row of an older version is read, with its part of the day', async () => {
  const directory = await temporaryDirectory()
  const writer = openWriter({ directory, ...limits })
  commit(writer, 1, ['a', 'b'], someMoment)
  await writer.close()
  const db = openDatabases(directory, false)
  for (const { key, value } of [...db.seen.getRange()].map(row => ({
    key: Buffer.from(row.key),
    value: Buffer.from(row.value),
  })))
    db.seen.putSync(key, value.subarray(0, key.at(-1) === 'a'.charCodeAt(0) ? 2 : 4))
  await db.root.close()
  expect(look(directory).faults).toEqual([])
  const again = openWriter({ directory, ...limits })
  onTestFinished(() => again.close())
  expect(commit(again, 1, ['a', 'b'], someMoment)).toEqual(['duplicate', 'duplicate'])
})
