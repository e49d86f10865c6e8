import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import { lookAtPictures } from '../../gateway/snapshots/picture-holdings.ts'
import { someMoment as now } from '../support/records.ts'
import { createRestingPictures } from '../support/resting-pictures.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function setUp() {
  const [waiting, snapshots] = [await temporaryDirectory(), await temporaryDirectory()]
  const put = (directory: string, name: string, agoMs: number) => {
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, name), 'seven b')
    utimesSync(join(directory, name), (now - agoMs) / 1000, (now - agoMs) / 1000)
  }
  const pictures = createRestingPictures()
  const look = () =>
    lookAtPictures(
      {
        waiting,
        snapshots,
        keepMs: { waiting: hourMs, redacted: 30 * dayMs, original: 0 },
        reader: pictures.reader,
        isHeld: ({ event }) => event === 'held',
      },
      now,
    )
  return { waiting, snapshots, put, look, pictures }
}

test('pictures of each stage are counted as the file system has them', async () => {
  const { waiting, snapshots, put, look } = await setUp()
  put(waiting, 'a.jpg', 5 * minuteMs)
  put(waiting, 'b.jpg', 10 * minuteMs)
  put(waiting, 'draft', 10 * dayMs)
  put(join(snapshots, '2026-11-20'), '1.jpg', dayMs)
  put(join(snapshots, 'index'), 'data.mdb', 90 * dayMs)
  const none = { files: 0, bytes: 0, held: 0, overdue: 0 }
  expect(await look()).toEqual([
    { ...none, stage: 'waiting', files: 2, bytes: 14, oldestAt: now - 10 * minuteMs, keepMs: hourMs },
    { ...none, stage: 'redacted', files: 1, bytes: 7, oldestAt: now - dayMs, keepMs: 30 * dayMs },
    { ...none, stage: 'original', keepMs: 0 },
  ])
})

test('what should be gone is seen, whatever the index says, unless somebody holds it', async () => {
  const { waiting, snapshots, put, look, pictures } = await setUp()
  const old = join(snapshots, '2026-10-01')
  for (const event of ['held', 'other']) pictures.add(event)
  put(old, '1.jpg', 51 * dayMs)
  put(old, '2.jpg', 51 * dayMs)
  put(old, '77.jpg', 51 * dayMs)
  put(waiting, 'a.jpg', hourMs + 5 * minuteMs)
  put(waiting, 'b.jpg', 2 * hourMs)
  put(join(snapshots, 'originals'), 'x.original', dayMs)
  expect((await look()).map(({ stage, held, overdue }) => [stage, held, overdue])).toEqual([
    ['waiting', 0, 1],
    ['redacted', 1, 2],
    ['original', 0, 1],
  ])
})

test('where no picture ever was there are none', async () => {
  const nowhere = join(await temporaryDirectory(), 'none')
  const { reader } = createRestingPictures()
  const found = await lookAtPictures({ waiting: nowhere, snapshots: nowhere, keepMs: {}, reader, isHeld: () => false }, now) // biome-ignore format: one line
  expect(found.map(({ files }) => files)).toEqual([0, 0, 0])
})
