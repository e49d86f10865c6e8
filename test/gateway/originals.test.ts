import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hourMs } from '../../core/clock.ts'
import { openOriginals, readOriginal } from '../../gateway/snapshots/originals.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const key = { device: 'd1', event: 'e1' }
const picture = Buffer.from('a picture with a face in it, a face, a face')

async function open() {
  const directory = join(await temporaryDirectory(), 'originals')
  const keyFile = join(await temporaryDirectory(), 'key')
  await writeFile(keyFile, `${'ab'.repeat(32)}\n`, { mode: 0o600 })
  const clock = { now: Date.now() }
  const originals = await openOriginals({ directory, keyFile, keepMs: hourMs, clock: () => clock.now })
  return { originals, directory, keyFile, clock }
}

describe('an original that is kept', () => {
  test('is read back with the key, and its bytes are not on disk', async () => {
    const { originals, directory, keyFile } = await open()
    await originals.put(key, picture)
    expect(await readOriginal(directory, keyFile, key)).toEqual(picture)
    expect(await readOriginal(directory, keyFile, { ...key, event: 'e2' })).toBeUndefined()
    const [name] = await readdir(directory)
    const sealed = await readFile(join(directory, name!))
    expect(sealed.includes('face')).toBe(false)
    expect(name).not.toMatch(/d1|e1/)
  })

  test('is refused with another key, under the name of another event, or when a bit of it has changed', async () => {
    const { originals, directory, keyFile } = await open()
    await originals.put(key, picture)
    await originals.put({ ...key, event: 'e2' }, Buffer.from('other'))
    const another = join(await temporaryDirectory(), 'key')
    await writeFile(another, 'cd'.repeat(32), { mode: 0o600 })
    const wrong = { code: 'CONFIG_INVALID' }
    await expect(readOriginal(directory, another, key)).rejects.toMatchObject(wrong)
    const [one, two] = (await readdir(directory)).map(name => join(directory, name))
    const sealed = await readFile(one!)
    await writeFile(one!, await readFile(two!))
    await expect(readOriginal(directory, keyFile, key)).rejects.toMatchObject(wrong)
    sealed[sealed.length - 1]! ^= 1
    await writeFile(one!, sealed)
    await writeFile(two!, sealed)
    await expect(readOriginal(directory, keyFile, key)).rejects.toMatchObject(wrong)
  })

  test('goes when its time is over', async () => {
    const { originals, directory, clock } = await open()
    await originals.put(key, picture)
    await originals.sweep()
    expect(await readdir(directory)).toHaveLength(1)
    clock.now += hourMs + 60_000
    await originals.sweep()
    expect(await readdir(directory)).toEqual([])
  })

  for (const text of ['', 'ab', 'zz'.repeat(32), `${'ab'.repeat(32)} and more`]) {
    test(`needs a key, not "${text.slice(0, 12)}"`, async () => {
      const keyFile = join(await temporaryDirectory(), 'key')
      await writeFile(keyFile, text, { mode: 0o600 })
      const opened = openOriginals({
        directory: await temporaryDirectory(),
        keyFile,
        keepMs: 1,
        clock: Date.now,
      })
      await expect(opened).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: /64 hexadecimal/ })
    })
  }
})
