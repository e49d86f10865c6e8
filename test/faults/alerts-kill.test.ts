import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect } from 'mqtt'
import { expect, onTestFinished, test } from 'vitest'
import type { FloodDevice } from '../../bench/ingest/flood.ts'
import { eventTopic } from '../../devices/contract/topics.ts'
import { eventually } from '../support/eventually.ts'
import { startNode } from '../support/nodes.ts'
import { printedSeed, seededRandom } from '../support/random.ts'

const kills = 5
const doorsPerRound = 25

interface Heard {
  readonly id: string
  readonly type: string
  readonly data: { readonly alert: { readonly id: string; readonly place: { readonly point: string } } }
}

/** A receiver that is killed with its answers, too: every third message is taken and never answered. */
async function openReceiver() {
  const messages: { readonly key: string; readonly events: readonly Heard[] }[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const key = String(request.headers['webhook-id'])
    const isFirst = messages.every(message => message.key !== key)
    messages.push({ key, events: [JSON.parse(body) as Heard].flat() })
    if (isFirst && messages.length % 3 === 0) response.destroy()
    else response.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { messages, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

test(`killed ${kills} times while doors are forced, each is an alert once, told at least once and always under one key`, {
  timeout: 400_000,
}, async () => {
  const random = seededRandom(printedSeed('kill -9, alerts'))
  const receiver = await openReceiver()
  const node = await startNode('up', {
    tagger: { workers: 0 },
    alerts: { channels: { hook: { kind: 'webhook', url: receiver.url } } },
  })
  const total = kills * doorsPerRound
  const rows = Array.from({ length: total }, (_, i) => `door-${i},terminal,nanshe,b01,p${i}`)
  const { tokens } = await node.service.operations.importDevices(
    `device,kind,site,building,point\n${rows.join('\n')}`,
  )
  const devices = tokens as readonly FloodDevice[]
  const pending = new Map<string, FloodDevice>()

  /** Says that it was forced; rejects where it was cut off, at whatever moment. */
  const force = ({ device, token }: FloodDevice) =>
    new Promise<void>((resolve, reject) => {
      const { host, port } = node.service.mqtt
      const client = connect(`mqtt://${host}:${port}`, {
        clientId: device,
        username: device,
        password: token,
        reconnectPeriod: 0,
      })
      const event = { id: 'forced', type: 'door', time: new Date().toISOString(), data: { state: 'forced' } }
      client.on('error', reject)
      client.on('close', () => reject(new Error('cut off')))
      client.on('connect', () =>
        client.publish(eventTopic(device), JSON.stringify(event), { qos: 1 }, error => {
          if (error) return reject(error)
          pending.delete(device)
          resolve()
          client.end(true)
        }),
      )
    })
  const forceAll = (wanted: Iterable<FloodDevice>) =>
    Promise.all([...wanted].map(device => force(device).catch(() => {})))

  for (let round = 0; round < kills; round++) {
    const wanted = devices.slice(round * doorsPerRound, (round + 1) * doorsPerRound)
    for (const device of wanted) pending.set(device.device, device)
    const forcing = forceAll([...pending.values()])
    await new Promise(resolve => setTimeout(resolve, 20 + random() * 700))
    await node.kill()
    await forcing
    await node.restart()
  }
  await forceAll([...pending.values()])
  expect(pending.size).toBe(0)

  const listed = async () => {
    const found = []
    for (let after: string | undefined; ; ) {
      const page = await node.service.operations.listAlerts({
        limit: 200,
        rule: ['door-forced'],
        ...(after === undefined ? {} : { after }),
      })
      found.push(...page.alerts)
      if (page.next === undefined) return found
      after = page.next
    }
  }
  await eventually(async () => expect(await listed()).toHaveLength(total), 20_000)
  const alerts = await listed()
  expect(new Set(alerts.map(({ place }) => place.point)).size).toBe(total)
  expect(alerts.filter(({ times }) => times !== 1)).toEqual([])
  for (const { id } of alerts.slice(0, 40)) {
    const { history } = await node.service.operations.showAlert(id)
    expect(history.filter(({ what }) => what === 'raised' || what === 'reopened')).toHaveLength(1)
  }

  const raised = () =>
    receiver.messages.flatMap(({ key, events }) =>
      events.filter(({ type }) => type === 'lintel.alert.raised').map(event => ({ key, event })),
    )
  await eventually(async () => {
    expect(new Set(raised().map(({ event }) => event.data.alert.id))).toEqual(
      new Set(alerts.map(({ id }) => id)),
    )
  }, 60_000)
  // What came twice came under the key that it had, so a receiver can tell.
  const keys = new Map<string, string>()
  for (const { key, event } of raised()) {
    expect(keys.get(event.id) ?? key, event.id).toBe(key)
    keys.set(event.id, key)
  }
  expect(keys.size).toBe(total)
})
