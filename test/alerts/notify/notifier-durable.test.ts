import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createWebhook } from '../../../alerts/notify/channels/webhook.ts'
import { openLmdbState } from '../../../core/state/lmdb-state.ts'
import { eventually } from '../../support/eventually.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { findingOf, settingsOf, startDesk } from './support.ts'

test('on disk and over HTTP, a webhook hears of several at once; what a stop left is sent after the next start', async () => {
  const received: { id: string; alerts: string[] }[] = []
  let isDown = false
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (isDown) return void response.writeHead(503).end()
    const events = [JSON.parse(body)].flat()
    received.push({
      id: String(request.headers['webhook-id']),
      alerts: events.map(({ data }) => data.alert.place.site),
    })
    response.end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const directory = await temporaryDirectory()
  const open = async () => {
    const state = openLmdbState({ directory })
    const channel = createWebhook({ url, secrets: [], clock: Date.now })
    const desk = await startDesk([settingsOf('hook', channel)], state)
    return {
      ...desk,
      async close() {
        await desk.notifier.stop()
        await state.close()
      },
    }
  }
  const raise = (site: string) => findingOf(site, 'raised', Date.now(), { rule: 'door-forced' })

  const first = await open()
  for (let n = 0; n < 12; n++) {
    await first.find(raise(`s${n}`))
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  await eventually(() => received.flatMap(({ alerts }) => alerts).length === 12)
  expect(received.length).toBeLessThanOrEqual(7)
  isDown = true
  await first.find(raise('late'))
  await eventually(() => first.notifier.channels()[0]!.failed > 0)
  await first.close()

  isDown = false
  const second = await open()
  await eventually(() => received.at(-1)!.alerts.includes('late'))
  expect(await eventually(() => second.notifier.channels()[0]!.waiting === 0)).toBe(true)
  await second.close()
  expect(received.flatMap(({ alerts }) => alerts)).toHaveLength(13)
  expect(new Set(received.map(({ id }) => id)).size).toBe(received.length)
})
