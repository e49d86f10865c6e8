import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, type TestContext, test } from 'vitest'
import { openLmdbJournal } from '../../gateway/journal/lmdb-journal.ts'
import { openLmdbJournalReader } from '../../gateway/journal/lmdb-reader.ts'
import { item, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const megabytes = 48

/** Undefined where this user may not mount. */
async function smallDisk(): Promise<string | undefined> {
  const directory = join(await temporaryDirectory(), 'disk')
  mkdirSync(directory)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], {
      stdio: 'ignore',
    })
  } catch {
    return undefined
  }
  onTestFinished(() => void execFileSync('umount', ['-l', directory]))
  return directory
}

/** A journal on a small disk without a reserve, so that it really fills; undefined where the test is to be skipped. */
async function openOnSmallDisk(skip: TestContext['skip']) {
  const disk = await smallDisk()
  if (disk === undefined) {
    if (process.env.CI === 'true' && process.getuid?.() === 0) throw new Error('a tmpfs could not be mounted')
    return skip('needs the right to mount a tmpfs: run as root')
  }
  const journal = await openLmdbJournal({
    directory: disk,
    clock: () => someMoment,
    maxRememberedIds: 1e6,
    maxParked: 10,
    maxBytes: 1e9,
    reserveBytes: 0,
  })
  const reader = openLmdbJournalReader(disk)
  onTestFinished(async () => {
    await reader.close()
    await journal.stop()
  })
  const acked: string[] = []
  let next = 0
  /** Resolves to the code that it was refused with. */
  const append = async (): Promise<string | undefined> => {
    const ids = Array.from({ length: 500 }, () => `an-id-that-is-rather-long-${next++}`)
    journal.note('d1', 'event', { received: ids.length })
    try {
      await journal.append(
        'd1',
        ids.map(id => item(id)),
      )
      acked.push(...ids)
      return undefined
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  /** The books add up, with what was noted for commits that failed. */
  async function assertAllCounted(): Promise<void> {
    const counts = () => reader.audit(0).tallies.get('d1')!.event
    const noted = { received: next, stored: acked.length, refused: next - acked.length }
    await expect.poll(counts, { timeout: 10_000 }).toMatchObject(noted)
  }
  return { disk, hog: join(disk, 'hog'), journal, reader, acked, append, assertAllCounted }
}

test('a disk that fills up under the journal loses nothing that was acked, and needs no restart', {
  timeout: 60_000,
}, async ({ skip }) => {
  const { disk, hog, journal, reader, acked, append, assertAllCounted } = await openOnSmallDisk(skip)
  let refusal: string | undefined
  while (refusal === undefined) refusal = await append()
  expect(['JOURNAL_COMMIT_FAILED', 'JOURNAL_DISK_LOW']).toContain(refusal)
  // Something else takes what little is left, and it stays full for a while.
  fill(hog, disk)
  for (let n = 0; n < 5; n++) expect(await append()).toBeDefined()
  expect(reader.end()).toBe(acked.length)
  // Consumers read on, and what they are done with can be freed even now.
  expect(reader.read(0, 1_000_000).entries.map(({ id }) => id)).toEqual(acked)
  const trim = () => journal.trim(acked.length, Number.POSITIVE_INFINITY).catch(() => 0)
  await expect.poll(trim, { timeout: 10_000 }).toBe(acked.length)

  rmSync(hog, { force: true })
  await expect.poll(append, { timeout: 10_000 }).toBeUndefined()
  expect(reader.end()).toBe(acked.length)
  await assertAllCounted()
})

test('what was noted for a commit that failed is counted with a later one', async ({ skip }) => {
  const { hog, append, assertAllCounted } = await openOnSmallDisk(skip)
  expect(await append()).toBeUndefined()
  // In one turn: the journal has no time to see how little room is left, and its commit runs into the end of the disk.
  fillWhole(hog)
  let refusal: string | undefined
  while (refusal === undefined) refusal = await append()
  expect(refusal).toBe('JOURNAL_COMMIT_FAILED')
  rmSync(hog)
  await expect.poll(append, { timeout: 10_000 }).toBeUndefined()
  await assertAllCounted()
})

/** Takes all that is free, but for what the journal has given up to go on with. */
function fill(path: string, disk: string): void {
  const piece = Buffer.alloc(64 * 1024)
  const spared = existsSync(join(disk, 'ballast')) ? 0 : 16 * 1024 * 1024
  try {
    while (freeBytes(disk) > spared) writeFileSync(path, piece, { flag: 'a' })
  } catch {
    // Full: what was wanted.
  }
}

function fillWhole(path: string): void {
  const page = Buffer.alloc(4096)
  try {
    for (;;) writeFileSync(path, page, { flag: 'a' })
  } catch {
    // Full: what was wanted.
  }
}

function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}
