import { describe, expect, onTestFinished, test } from 'vitest'
import type { Announced } from '../../devices/registry/announcement.ts'
import { createRemoteEnroller } from '../../gateway/admit/remote-enroller.ts'
import { apiOver } from '../support/api.ts'

const place = { kind: 'terminal', site: 's', building: 'b', point: 'p', zone: 'UTC' } as const

async function serve(answer: (announced: unknown) => unknown) {
  const app = apiOver({ announceDevice: async announced => answer(announced) as Announced })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())
  return { url, token: 'secret', pid: 1 }
}

describe('an enroller in another process', () => {
  test('is asked over its API, and its answer is the answer', async () => {
    const asked: unknown[] = []
    const refusal = { outcome: 'refused', code: 'PUBLISH_TOPIC_FOREIGN', reason: 'why' }
    const endpoint = await serve(announced => {
      asked.push(announced)
      return refusal
    })
    expect(await createRemoteEnroller(() => endpoint).announce('edge-1', 'd1', place)).toEqual(refusal)
    expect(asked).toEqual([{ gateway: 'edge-1', device: 'd1', ...place }])
  })

  test.each([
    ['is not running', async () => undefined],
    ['has gone away', async () => ({ url: 'http://127.0.0.1:1', token: 'secret', pid: 1 })],
    ['was started anew with another token', async () => ({ ...(await serve(() => ({}))), token: 'old' })],
    ['fails', async () => serve(() => Promise.reject(new Error('disk')))],
  ])('cannot be asked while it %s, and that passes', async (_, find) => {
    const endpoint = await find()
    await expect(createRemoteEnroller(() => endpoint).announce('edge-1', 'd1', place)).rejects.toMatchObject({
      code: 'API_UNAVAILABLE',
      retryable: true,
    })
  })
})
