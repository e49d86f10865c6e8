import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connectAsync } from 'mqtt'
import mqttPacket from 'mqtt-packet'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { asyncApi } from '../../devices/contract/asyncapi.ts'
import { eventually } from '../support/eventually.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { event } from '../support/messages.ts'
import { connectPacket, RawClient } from '../support/raw-client.ts'

const start = async (change: object = {}) => {
  const gateway = await startGateway({ broker: { websocket: { host: '127.0.0.1', port: 0 }, ...change } })
  return { gateway, port: gateway.broker.addresses.websocket!.port }
}

async function openWebSocket(port: number): Promise<WebSocket> {
  const websocket = new WebSocket(`ws://127.0.0.1:${port}`, 'mqtt')
  websocket.on('error', () => {})
  onTestFinished(() => websocket.terminate())
  await once(websocket, 'open')
  return websocket
}

const connectBytes = (gateway: Gateway) => mqttPacket.generate(connectPacket('d1', gateway.tokenOf('d1')))

describe('over WebSocket', () => {
  test('a device publishes as over TCP, and is gone when it leaves', async () => {
    const { gateway, port } = await start()
    const client = await connectAsync(`ws://127.0.0.1:${port}`, {
      clientId: 'd1',
      username: 'd1',
      password: gateway.tokenOf('d1'),
      reconnectPeriod: 0,
    })
    onTestFinished(() => void client.end(true))
    await client.publishAsync('lintel/v1/d1/event', JSON.stringify(event('a')), { qos: 1 })
    const picture = Buffer.alloc(500_000, 1)
    picture.set([0xff, 0xd8, 0xff])
    await client.publishAsync('lintel/v1/d1/snapshot/a', picture, { qos: 1 })
    expect(gateway.stored('d1').map(({ id }) => id)).toEqual(['a', '#snapshot/a'])
    expect(gateway.broker.sessions()).toMatchObject([{ device: 'd1', address: '127.0.0.1' }])
    await client.endAsync()
    await eventually(() => expect(gateway.broker.stats().connected).toBe(0))
  })

  test('the path and the subprotocol are those that the contract names', async () => {
    const { port } = await start()
    const { servers } = asyncApi() as { servers: { websocket: { pathname: string } } }
    const { pathname } = servers.websocket
    const wire = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8')
    expect(wire).toContain(`ws://HOST:8083${pathname}\``)
    const websocket = new WebSocket(`ws://127.0.0.1:${port}${pathname}`, ['other', 'mqtt'])
    onTestFinished(() => websocket.terminate())
    await once(websocket, 'open')
    expect(websocket.protocol).toBe('mqtt')
  })

  test('a wrong token is told so', async () => {
    const { gateway, port } = await start()
    const connecting = connectAsync(`ws://127.0.0.1:${port}`, {
      clientId: 'd1',
      username: 'd1',
      password: 'x',
      reconnectPeriod: 0,
    })
    await expect(connecting).rejects.toMatchObject({ code: 4 })
    expect(gateway.codes()).toEqual(['CONNECT_TOKEN_WRONG'])
  })

  test('a plain HTTP request is told what this is', async () => {
    const { port } = await start()
    const response = await fetch(`http://127.0.0.1:${port}/`)
    expect(response.status).toBe(426)
  })

  test('a message is ended at its header when it is longer than a stranger needs', async () => {
    const { port } = await start()
    const websocket = await openWebSocket(port)
    websocket.send(Buffer.alloc(1_000_000))
    const [code] = await once(websocket, 'close')
    expect(code).toBe(1009)
  })

  test('a message of a device may hold its longest packet, and no more than two', async () => {
    const { gateway, port } = await start({ maxPacketBytes: 100_000 })
    const websocket = await openWebSocket(port)
    let bytes = 0
    websocket.on('message', (part: Buffer) => {
      bytes += part.length
    })
    websocket.send(connectBytes(gateway))
    await eventually(() => expect(bytes, 'CONNACK').toBe(4))
    const text = JSON.stringify(event('a'))
    websocket.send(
      mqttPacket.generate({
        cmd: 'publish',
        topic: 'lintel/v1/d1/event',
        payload: text.padEnd(99_000),
        qos: 1,
        messageId: 1,
        dup: false,
        retain: false,
      }),
    )
    await eventually(() => expect(bytes, 'PUBACK').toBe(8))
    expect(gateway.stored('d1')).toHaveLength(1)
    websocket.send(Buffer.alloc(200_001))
    const [code] = await once(websocket, 'close')
    expect(code).toBe(1009)
    await eventually(() => expect(gateway.broker.stats().connected).toBe(0))
  })

  test('text and rubbish end the connection', async () => {
    const { gateway, port } = await start()
    const websocket = await openWebSocket(port)
    websocket.send('hello')
    await once(websocket, 'close')
    await eventually(() => expect(gateway.refusals).toHaveLength(1))
  })

  test('connections that never upgrade are limited like others that say nothing', async () => {
    const { gateway, port } = await start({ maxUnidentified: 3 })
    const idle = await Promise.all(Array.from({ length: 8 }, () => RawClient.open(port)))
    await eventually(() => expect(idle.filter(client => client.closed)).toHaveLength(5))
    expect(gateway.codes()).toEqual(Array(5).fill('CONNECT_LIMIT'))
  })

  test('a stop cuts it', async () => {
    const { gateway, port } = await start()
    const websocket = await openWebSocket(port)
    const idle = await RawClient.open(port)
    const closed = once(websocket, 'close')
    await gateway.broker.stop()
    await Promise.all([closed, idle.ended()])
  })
})
