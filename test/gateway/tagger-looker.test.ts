import { describe, expect, onTestFinished, test } from 'vitest'
import { codeOf } from '../../core/errors.ts'
import { createLooker } from '../../gateway/tagger/looker.ts'
import { eventually } from '../support/eventually.ts'

const entry = new URL('./tagger-worker.child.ts', import.meta.url)

async function start(change: { timeoutMs?: number; threads?: number } = {}) {
  const faults: unknown[] = []
  const { timeoutMs = 20_000, threads = 1 } = change
  const looker = createLooker({
    settings: { threads, maxEdgePx: 1 },
    timeoutMs,
    maxBytes: 1e9,
    retry: { firstMs: 10, maxMs: 50 },
    random: () => 0.5,
    onFault: error => faults.push(error),
    entry,
  })
  looker.start()
  onTestFinished(() => looker.stop())
  const ready = () => eventually(() => looker.isReady, 20_000)
  if (threads === 1) await ready()
  const ask = (wish: string) => looker.look(Buffer.from(wish), undefined)
  const redact = (wish: string) => looker.redact(Buffer.from(wish), { toCover: [] })
  return { looker, ask, redact, ready, faults }
}

const died = { code: 'TAGGER_WORKER_DIED', retryable: true }

describe('a worker that looks at pictures', () => {
  test('tells what it has seen, and gives the redacted picture', async () => {
    const { ask, redact } = await start()
    expect(await ask('one')).toMatchObject({ model: 'fake', picture: { width: 4, height: 2 } })
    expect((await redact('one')).toString()).toBe('redacted one')
  })

  test('tells by code that a picture cannot be read', async () => {
    const { ask, redact } = await start()
    await expect(ask('unreadable')).rejects.toMatchObject({ code: 'PICTURE_UNREADABLE' })
    await expect(redact('unreadable')).rejects.toMatchObject({ code: 'PICTURE_UNREADABLE' })
  })

  test('that dies is replaced, and all that it had in hand fails as such', async () => {
    const { looker, ask, redact, ready } = await start()
    const answers = await Promise.allSettled([ask('slow'), redact('slow'), ask('die')])
    for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: died })
    expect(looker.replaced()).toEqual({ died: 1, hung: 0, grown: 0 })
    await ready()
    expect(await ask('again')).toMatchObject({ model: 'fake' })
  })

  test('that hangs is killed and replaced', async () => {
    const { looker, ask, ready, faults } = await start({ timeoutMs: 300 })
    await expect(ask('hang')).rejects.toMatchObject({ ...died, message: expect.stringMatching(/hung/) })
    expect(looker.replaced()).toEqual({ died: 0, hung: 1, grown: 0 })
    expect(faults.map(codeOf)).toEqual(['TAGGER_WORKER_DIED'])
    await ready()
    expect(await ask('again')).toMatchObject({ model: 'fake' })
  })

  test('is found out when it hangs at redacting, although it goes on looking', async () => {
    const { looker, ask, redact } = await start({ timeoutMs: 400 })
    let isOver = false
    const hung = redact('never').catch(error => {
      isOver = true
      return error
    })
    while (!isOver) await ask('one').catch(() => new Promise(resolve => setImmediate(resolve)))
    expect(await hung).toMatchObject(died)
    expect(looker.replaced().hung).toBe(1)
  })

  test('that has grown too large is replaced once it has done what it had in hand', async () => {
    const { looker, ask, redact, ready, faults } = await start()
    const [large, other] = [ask('grow'), redact('slow')]
    await large
    expect(looker.isReady).toBe(false)
    expect((await other).toString()).toBe('redacted slow')
    await ready()
    expect(looker.replaced()).toEqual({ died: 0, hung: 0, grown: 1 })
    expect(faults).toEqual([])
  })

  test('that is not fit says why, and is tried again with growing pauses', async () => {
    const { looker, faults } = await start({ threads: 99 })
    await eventually(() => looker.replaced().died >= 2, 20_000)
    expect(looker.isReady).toBe(false)
    expect(faults.map(codeOf)).toContain('MODEL_HASH_WRONG')
  })

  test('does nothing more once it was stopped', async () => {
    const { looker, ask } = await start()
    const answer = expect(ask('hang')).rejects.toMatchObject(died)
    await looker.stop()
    await answer
    expect(looker.isReady).toBe(false)
  })
})
