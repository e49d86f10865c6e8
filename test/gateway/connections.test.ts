import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import type { Connection } from '../../gateway/broker/connection.ts'
import { ConnectionLog } from '../../gateway/connection-log.ts'
import { eventually } from '../support/eventually.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { connectPacket, RawClient } from '../support/raw-client.ts'
import { someMoment } from '../support/records.ts'

async function open(gateway: Gateway, device = 'd1', change: object = {}): Promise<RawClient> {
  const client = await RawClient.open(gateway.port)
  client.send(connectPacket(device, gateway.tokenOf(device), change))
  expect(await client.next('connack')).toMatchObject({ returnCode: 0 })
  return client
}

const publishTo = (topic: string) =>
  ({ cmd: 'publish', topic, payload: '{}', qos: 1, messageId: 1, dup: false, retain: false }) as const

const facts = { device: 'd1', address: '127.0.0.1', listener: 'tcp' }

describe('that a device is gone is told with the reason', () => {
  const cases: { title: string; end: (gateway: Gateway, client: RawClient) => unknown; reason: string }[] = [
    { title: 'it says goodbye', end: (_, client) => client.send({ cmd: 'disconnect' }), reason: 'it disconnected' },
    { title: 'it only closes', end: (_, client) => client.socket.end(), reason: 'it closed the connection without DISCONNECT' },
    { title: 'it breaks off', end: (_, client) => client.socket.resetAndDestroy(), reason: 'network: ECONNRESET' },
    { title: 'it comes again', end: gateway => open(gateway), reason: 'another connection of this device took its place' },
    { title: 'it is refused', end: (_, client) => client.send(publishTo('lintel/v1/d2/event')), reason: 'PUBLISH_TOPIC_FOREIGN' },
    { title: 'it sends what MQTT 3.1.1 does not have', end: (_, client) => client.socket.write(Buffer.from([0xf0, 0])), reason: 'it was closed here' },
    {
      title: 'it is disabled',
      end: async gateway => { await gateway.registry.setEnabled('d1', false); gateway.broker.refresh() },
      reason: 'it was disabled, or its token or sites were changed',
    },
  ] // biome-ignore format: a table
  for (const { title, end, reason } of cases)
    test(title, async () => {
      const gateway = await startGateway({ clock: () => someMoment })
      const client = await open(gateway)
      expect(gateway.connections).toEqual([{ is: 'connected', ...facts }])
      await end(gateway, client)
      const gone = await eventually(() => gateway.connections.find(({ is }) => is === 'gone') ?? false)
      expect(gone).toEqual({ is: 'gone', ...facts, reason, forMs: 0 })
    })

  test('nothing came from it', async () => {
    const gateway = await startGateway()
    await open(gateway, 'd1', { keepalive: 1 })
    const gone = await eventually(() => gateway.connections.find(({ is }) => is === 'gone') ?? false)
    expect(gone).toMatchObject({ reason: 'nothing came for one and a half times its keep-alive' })
  })

  test('nothing is told where the service ends', async () => {
    const gateway = await startGateway()
    await open(gateway)
    await gateway.broker.stop()
    expect(gateway.connections).toMatchObject([{ is: 'connected' }])
  })
})

describe('the log of connections', () => {
  function connectionLog(level: string) {
    let now = someMoment
    const lines: { msg: string; device?: string; times?: number; lines?: number }[] = []
    const write = { write: (line: string) => void lines.push(JSON.parse(line)) }
    const log = new ConnectionLog(pino({ level, base: null, timestamp: false }, write), () => now)
    return {
      lines,
      add: (device: string, is: Connection['is'] = 'connected') =>
        log.add({ is, device, address: '127.0.0.1', listener: 'tcp' }),
      pass(ms: number) {
        now += ms
      },
    }
  }

  test('has one that comes and goes all the time as a line each, then a count', () => {
    const { lines, add, pass } = connectionLog('info')
    for (let n = 0; n < 100; n++) {
      add('d1')
      add('d1', 'gone')
      pass(1000)
    }
    expect(lines.slice(0, 3)).toMatchObject([{ msg: 'connected' }, { msg: 'gone' }, { msg: 'connected', times: 10 }])
    expect(lines.length).toBeLessThan(10)
  }) // biome-ignore format: one line

  test('has twenty lines a second, and how many it does not have', () => {
    const { lines, add, pass } = connectionLog('info')
    for (let n = 0; n < 150; n++) add(`d${n}`)
    expect(lines).toHaveLength(20)
    pass(1000)
    add('d0')
    add('late')
    expect(lines.slice(20)).toMatchObject([{ lines: 130 }, { msg: 'connected', device: 'late' }])
  })

  test('has all of them with the level debug', () => {
    const { lines, add } = connectionLog('debug')
    for (let n = 0; n < 150; n++) add('d1')
    expect(lines).toHaveLength(150)
  })
})
