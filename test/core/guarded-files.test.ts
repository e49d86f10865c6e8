import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GuardedFiles } from '../../core/guarded-files.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function guarded() {
  const root = join(await temporaryDirectory(), 'data')
  const directory = join(root, 'journal')
  mkdirSync(directory, { recursive: true })
  const file = join(directory, 'data.mdb')
  writeFileSync(file, 'records')
  return { root, directory, file, files: new GuardedFiles([directory, file]) }
}

type Place = Awaited<ReturnType<typeof guarded>>

const losses: Record<string, (place: Place) => void> = {
  'its file is deleted': ({ file }) => rmSync(file),
  'its file is renamed': ({ file }) => renameSync(file, `${file}.old`),
  'its file is replaced by a copy': ({ file }) => {
    copyFileSync(file, `${file}.copy`)
    renameSync(`${file}.copy`, file)
  },
  'its directory is deleted': ({ directory }) => rmSync(directory, { recursive: true }),
  'its directory is deleted and made again': ({ directory, file }) => {
    rmSync(directory, { recursive: true })
    mkdirSync(directory)
    writeFileSync(file, 'records')
  },
  'a directory above is renamed': ({ root }) => renameSync(root, `${root}.old`),
  'a file stands in the place of its directory': ({ directory }) => {
    rmSync(directory, { recursive: true })
    writeFileSync(directory, '')
  },
}

describe('guarded files', () => {
  for (const [what, lose] of Object.entries(losses)) {
    test(`are known to be gone when ${what}`, async () => {
      const place = await guarded()
      place.files.check()
      await place.files.checkLater()
      lose(place)
      expect(() => place.files.check()).toThrow(expect.objectContaining({ code: 'DATA_GONE' }))
      await expect(place.files.checkLater()).rejects.toMatchObject({ code: 'DATA_GONE' })
    })
  }

  test('are known to be gone when a file system is mounted over them or unmounted', async context => {
    const { root, files } = await guarded()
    const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'pipe' })
    try {
      mount('-t', 'tmpfs', '-o', 'size=1m', 'none', root)
    } catch {
      return context.skip('mounting needs root: run the tests as root on Linux')
    }
    onTestFinished(() => {
      try {
        execFileSync('umount', ['-l', root], { stdio: 'pipe' })
      } catch {
        // The test has done it.
      }
    })
    expect(() => files.check()).toThrow(expect.objectContaining({ code: 'DATA_GONE' }))
    writeFileSync(join(root, 'store'), '')
    const mounted = new GuardedFiles([root, join(root, 'store')])
    execFileSync('umount', ['-l', root])
    expect(() => mounted.check()).toThrow(expect.objectContaining({ code: 'DATA_GONE' }))
    // What was hidden is there again.
    files.check()
  })

  test('may be written to, grow and be truncated', async () => {
    const { file, files } = await guarded()
    writeFileSync(file, 'x'.repeat(100_000))
    writeFileSync(file, '')
    files.check()
    await files.checkLater()
  })

  test('may come after they are watched; from then on they are to stay', async () => {
    const { directory, files } = await guarded()
    const late = join(directory, 'lock.mdb')
    files.watch(late)
    files.check()
    writeFileSync(late, '')
    files.check()
    rmSync(late)
    expect(() => files.check()).toThrow(late)
  })

  test('may go once they are let go, also while they are being looked at', async () => {
    const { file, files } = await guarded()
    const looking = files.checkLater()
    files.forget(file)
    rmSync(file)
    await looking
    files.check()
  })

  test('say which one is gone, and what to do', async () => {
    const { file, files } = await guarded()
    rmSync(file)
    expect(() => files.check()).toThrow(`${file} is no longer there: deleted, moved, replaced or unmounted`)
  })
})
