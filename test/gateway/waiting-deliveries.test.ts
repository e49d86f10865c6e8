import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LintelError } from '../../core/errors.ts'
import { snapshotRecordId } from '../../devices/contract/record-ids.ts'
import { createAdmit, type Sender } from '../../gateway/admit/admit.ts'
import { Feedback } from '../../gateway/admit/feedback.ts'
import { waitedPictures } from '../../gateway/admit/waited-pictures.ts'
import { openWaitingRoom } from '../../gateway/admit/waiting-room.ts'
import type { Journal } from '../../gateway/journal/journal.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { jpeg } from '../support/messages.ts'
import { someMoment, somewhere } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const clock = () => someMoment

/** Admission on a waiting room on disk, and a journal that answers when it is let. */
async function door(change: Partial<{ maxBytes: number; append: Journal['append'] }> = {}) {
  const directory = await temporaryDirectory()
  const journal = createMemoryJournal(clock)
  const room = await openWaitingRoom({ directory, clock, maxBytes: change.maxBytes ?? 1e6, maxAgeMs: 60_000 })
  const admit = createAdmit({
    journal: { ...journal, append: change.append ?? journal.append },
    waitingRoom: room,
    clock,
    maxSnapshotBytes: 1e6,
    runId: 'run',
  })
  const from = (via?: string): Sender => {
    const feedback = new Feedback(() => {}, clock)
    return { device: 'd1', place: somewhere, feedback, ...(via === undefined ? {} : { via }) }
  }
  const send = (event: string, bytes = 100, via?: string) => admit.snapshot(from(via), event, jpeg(bytes))
  const waits = async (event: string) => (await room.get('d1', event))?.length
  return { directory, journal, room, send, waits, files: () => readdir(directory) }
}

describe('a picture that is delivered again', () => {
  test('after it was looked at leaves nothing behind', async () => {
    const { send, room, files } = await door()
    expect(await send('a')).toEqual(['stored'])
    await room.remove('d1', 'a')
    for (const via of [undefined, 'edge-1']) {
      expect(await send('a', 200, via)).toEqual(['duplicate'])
      expect(await files()).toEqual([])
    }
    expect(room.stats()).toMatchObject({ pictures: 0, bytes: 0 })
  })

  test('while it waits stays as it came first', async () => {
    const { send, waits } = await door()
    await send('a', 100)
    expect(await send('a', 300)).toEqual(['duplicate'])
    expect(await Promise.all([send('a', 300), send('a', 400)])).toEqual([['duplicate'], ['duplicate']])
    expect(await waits('a')).toBe(100)
  })

  test('at once from two connections waits, whichever of the two was stored', async () => {
    const { send, waits } = await door()
    const outcomes = await Promise.all([send('a', 100), send('a', 100), send('a', 100)])
    expect(outcomes.flat().toSorted()).toEqual(['duplicate', 'duplicate', 'stored'])
    expect(await waits('a')).toBe(100)
  })
})

describe('a picture without a record', () => {
  test('is not kept where its record could not be written, and is where it comes again', async () => {
    let isFull = true
    const journal = createMemoryJournal(clock)
    const { send, waits, files } = await door({
      append: async (...args) => {
        if (isFull) throw new LintelError('JOURNAL_FULL', 'full')
        return journal.append(...args)
      },
    })
    await expect(send('a')).rejects.toMatchObject({ code: 'JOURNAL_FULL' })
    expect(await files()).toEqual([])
    isFull = false
    expect(await send('a')).toEqual(['stored'])
    expect(await waits('a')).toBe(100)
  })

  test('is removed at the start, and those that wait to be looked at stay', async () => {
    const { room, send, journal, waits, files } = await door()
    for (const event of ['done', 'a', 'b']) await send(event)
    // As after a crash between the file and its record.
    const delivery = await room.put('d1', 'lost', jpeg(100))
    await delivery.settle(true)
    await room.remove('d1', 'done')
    expect(await files()).toHaveLength(3)
    const done = journal.read(0, 9).entries.find(({ id }) => id === snapshotRecordId('done'))!.seq
    await room.keepOnly(waitedPictures(journal, done))
    expect(await files()).toHaveLength(2)
    expect([await waits('a'), await waits('b'), await waits('lost')]).toEqual([100, 100, undefined])
    expect(room.stats()).toMatchObject({ pictures: 2, bytes: 200 })
  })

  test('that cannot be removed is removed with a later sweep', async () => {
    const { room, directory, send, files } = await door()
    await send('a')
    const [name] = await files()
    // A directory in its place cannot be removed as a file.
    await rm(join(directory, name!))
    await mkdir(join(directory, name!))
    await writeFile(join(directory, name!, 'x'), '')
    await expect(room.remove('d1', 'a')).rejects.toThrow()
    expect(room.stats().pictures).toBe(0)
    await rm(join(directory, name!), { recursive: true })
    await writeFile(join(directory, name!), 'face')
    await room.sweep()
    expect(await files()).toEqual([])
  })
})

test('whatever comes twice, fails or is looked at meanwhile, the pictures on disk are those that wait to be looked at', async () => {
  const act = fc.record({
    what: fc.constantFrom('deliver', 'deliver', 'deliver', 'look'),
    event: fc.constantFrom('a', 'b'),
    fails: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 12 }), fc.scheduler(), async (acts, scheduler) => {
      const journal = createMemoryJournal(clock)
      const failing: boolean[] = []
      const { room, send, waits } = await door({
        append: async (...args) => {
          const fails = failing.shift() === true
          await scheduler.schedule(Promise.resolve(), 'commit')
          if (fails) throw new LintelError('JOURNAL_COMMIT_FAILED', 'no')
          return journal.append(...args)
        },
      })
      const looked = new Set<string>()
      const hasRecord = (event: string) =>
        journal.read(0, 99).entries.some(({ id }) => id === snapshotRecordId(event))
      const look = async (event: string) => {
        if (!hasRecord(event) || looked.has(event)) return
        looked.add(event)
        await room.remove('d1', event)
      }
      const done = acts.map(({ what, event, fails }) =>
        scheduler.schedule(Promise.resolve(), what).then(() => {
          if (what === 'look') return look(event)
          failing.push(fails)
          return send(event).catch(() => {})
        }),
      )
      const all = Promise.all(done)
      await scheduler.waitFor(all)
      for (const event of ['a', 'b'])
        expect([event, await waits(event)]).toEqual([
          event,
          hasRecord(event) && !looked.has(event) ? 100 : undefined,
        ])
      await room.close()
    }),
    { numRuns: 60 },
  )
})
