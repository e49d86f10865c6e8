import { describe, expect, test } from 'vitest'
import { placeOfPicture } from '../../gateway/snapshots/snapshots.ts'
import { PictureStream } from '../../gateway/uplink/picture-stream.ts'
import { createRestingPictures } from '../support/resting-pictures.ts'

const known = () => true

function setUp({ position = 0, isTold = known as (device: string) => boolean } = {}) {
  const pictures = createRestingPictures()
  const journal = { end: 0, cursor: 0 }
  const faults: unknown[] = []
  let loaded = Promise.withResolvers<void>()
  const stream = new PictureStream({
    snapshots: pictures.reader,
    position,
    end: () => journal.end,
    cursor: () => journal.cursor,
    isTold,
    placeOf: picture => placeOfPicture(picture, () => undefined),
    onLoaded() {
      loaded.resolve()
      loaded = Promise.withResolvers()
    },
    onFault: error => faults.push(error),
  })
  /** The next picture, once it has been read; undefined where none may go. */
  async function next() {
    stream.look()
    const isRead = loaded.promise
    const draft = stream.next(known)
    if (draft !== undefined) return draft
    await Promise.race([isRead, new Promise(resolve => setImmediate(resolve))])
    return stream.next(known)
  }
  async function topics(n: number) {
    const found: (string | undefined)[] = []
    for (let i = 0; i < n; i++) found.push((await next())?.topic.replace('lintel/v1/d1/snapshot/', ''))
    return found
  }
  return { pictures, journal, stream, next, topics, faults }
}

describe('pictures on their way to the centre', () => {
  test('go in the order in which they came to rest, urgent ones before', async () => {
    const { pictures, topics, stream } = setUp()
    for (const event of ['a', 'b']) pictures.add(event)
    pictures.add('u', { urgent: true })
    expect(await topics(4)).toEqual(['u', 'a', 'b', undefined])
    for (const position of [3, 1, 2]) stream.progress.done(position)
    expect(stream.progress.cursor).toBe(3)
  })

  test('wait until the centre has what the journal held when they were found', async () => {
    const { pictures, journal, topics } = setUp()
    journal.end = 5
    pictures.add('a')
    expect(await topics(1)).toEqual([undefined])
    journal.cursor = 4
    expect(await topics(1)).toEqual([undefined])
    journal.end = 9
    journal.cursor = 5
    expect(await topics(1)).toEqual(['a'])
  })

  test('are passed over where they were deleted, or are of nobody whom the centre hears of', async () => {
    const { pictures, topics, stream } = setUp({ isTold: device => device === 'd1' })
    pictures.add('a')
    pictures.add('b', { device: 'edge-2' })
    pictures.add('c')
    pictures.delete('a')
    expect((await topics(4)).filter(topic => topic !== undefined)).toEqual(['c'])
    expect(stream.skipped).toBe(2)
    stream.progress.done(3)
    expect(stream.progress.cursor).toBe(3)
  })

  test('go on behind a position, and know of those that come later', async () => {
    const { pictures, topics } = setUp({ position: 1 })
    pictures.add('a')
    pictures.add('b')
    expect(await topics(2)).toEqual(['b', undefined])
    pictures.add('c')
    expect(await topics(1)).toEqual(['c'])
  })
})
