import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { setAsideIn } from '../../core/lmdb-file/set-aside.ts'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { mendState } from '../../core/state/mend-state.ts'
import { type Damage, damage, damages } from '../support/damage.ts'
import { printedSeed, seededRandom } from '../support/random.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const tables = ['device', 'place', 'account', 'alert']
const rows = 300
const perKind = Number(process.env.LINTEL_DAMAGES ?? 10)
const keyOf = (n: number) => `key-${String(n).padStart(6, '0')}`
const contentOf = (table: string, n: number) => ({ table, n, text: 'x'.repeat(n % 40) })

test('a damaged state opens with what was written, and tells which tables may lack rows', {
  timeout: 180_000,
}, async () => {
  const random = seededRandom(printedSeed('state damage'))
  const sound = await temporaryDirectory()
  await write(sound)
  expect(await mendState(sound, 0)).toBeUndefined()
  for (const kind of Object.keys(damages) as Damage[]) {
    for (let n = 0; n < perKind; n++) {
      const directory = join(await temporaryDirectory(), 'state')
      mkdirSync(directory)
      copyFileSync(join(sound, 'data.mdb'), join(directory, 'data.mdb'))
      const where = damage(join(directory, 'data.mdb'), kind, random)
      const found = await mendState(directory, 0)
      const note = `${kind}, ${where}: ${JSON.stringify(found?.mended)}`
      const state = openLmdbState({ directory })
      const missing = tables.filter(table => {
        const entries = [...state.table<object>(table).entries()]
        // Each row is one that was written, under its own key.
        for (const [key, value] of entries)
          expect(value, note).toEqual(contentOf(table, Number(key.slice(4))))
        return entries.length < rows
      })
      await state.close()
      const told = found?.mended.incomplete ?? []
      const isHeadLost = found?.mended.faults.some(fault => /^(?:head|\(tables\))/.test(fault)) === true
      if (!isHeadLost)
        expect(
          missing.filter(table => !told.includes(table)),
          note,
        ).toEqual([])
      expect(setAsideIn(directory).length, note).toBe(found === undefined ? 0 : 1)
      expect(await mendState(directory, 0), note).toBeUndefined()
    }
  }
})

test('an account that was deleted does not come back from an old page', async () => {
  const directory = await temporaryDirectory()
  await write(directory)
  const state = openLmdbState({ directory })
  const accounts = state.table<object>('account')
  await state.transact(() => accounts.remove(keyOf(7)))
  await state.close()
  for (const seed of Array.from({ length: 20 }, (_, n) => n)) {
    const copy = join(await temporaryDirectory(), 'state')
    mkdirSync(copy)
    copyFileSync(join(directory, 'data.mdb'), join(copy, 'data.mdb'))
    damage(join(copy, 'data.mdb'), 'a page is zeroed', seededRandom(seed))
    await mendState(copy, 0)
    const mended = openLmdbState({ directory: copy })
    expect(mended.table('account').get(keyOf(7)), `seed ${seed}`).toBeUndefined()
    await mended.close()
  }
})

/** In several transactions, so that there are old pages. */
async function write(directory: string): Promise<void> {
  const state = openLmdbState({ directory })
  const all = tables.map(name => [name, state.table<object>(name)] as const)
  for (let from = 0; from < rows; from += 50)
    await state.transact(() => {
      for (const [name, table] of all)
        for (let n = from; n < from + 50; n++) table.put(keyOf(n), contentOf(name, n))
    })
  await state.close()
}
