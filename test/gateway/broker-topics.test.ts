import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { event, jpeg, publish, publishEvent } from '../support/messages.ts'
import { connectDevice, connectPacket, tryConnect } from '../support/raw-client.ts'

const offline = Buffer.from('{"state":"offline"}')
const status = (state: string) => ({ kind: 'status', data: { state } })

describe('a publish', () => {
  const refused = [
    ['to the event topic of another device', 'lintel/v1/d2/event', 'PUBLISH_TOPIC_FOREIGN'],
    ['to the snapshot topic of another device', 'lintel/v1/d2/snapshot/a', 'PUBLISH_TOPIC_FOREIGN'],
    ['to the status topic of another device', 'lintel/v1/d2/status', 'PUBLISH_TOPIC_FOREIGN'],
    ['to the command topic of another device', 'lintel/v1/d2/command', 'PUBLISH_TOPIC_FOREIGN'],
    ['to a device whose name begins like its own', 'lintel/v1/d10/event', 'PUBLISH_TOPIC_FOREIGN'],
    ['to another version of the contract', 'lintel/v2/d1/event', 'PUBLISH_TOPIC_FOREIGN'],
    ['to anything else', 'x', 'PUBLISH_TOPIC_FOREIGN'],
    ['to the broker', '$SYS/x/new/clients', 'PUBLISH_TOPIC_FOREIGN'],
    ['to the own command topic', 'lintel/v1/d1/command', 'PUBLISH_TOPIC_UNKNOWN'],
    ['to an own topic that is none', 'lintel/v1/d1/nonsense', 'PUBLISH_TOPIC_UNKNOWN'],
    ['below the event topic', 'lintel/v1/d1/event/a', 'PUBLISH_TOPIC_UNKNOWN'],
    ['to the event topic in capitals', 'lintel/v1/d1/EVENT', 'PUBLISH_TOPIC_UNKNOWN'],
    ['to an own topic with a mobile number in it', 'lintel/v1/d1/user/13800138000', 'PUBLISH_TOPIC_UNKNOWN'],
    ['to a topic with a NUL', 'lintel/v1/d1/event\0', 'PACKET_MALFORMED'],
    [
      'to a topic with line feeds',
      'lintel/v1/d1/event\r\n{"level":60}\u001b[2J\u202e',
      'PUBLISH_TOPIC_UNKNOWN',
    ],
    ['to a topic of 60 kB', `lintel/v1/d1/${'x'.repeat(60_000)}`, 'PUBLISH_TOPIC_UNKNOWN'],
    ['to a topic of 101 levels', `lintel/v1/d1${'/x'.repeat(98)}`, undefined],
    ['with a wildcard', 'lintel/v1/d1/+', undefined],
    ['without a topic', '', undefined],
  ] as const
  for (const [title, topic, code] of refused) {
    test(`${title} is not acked, ends the connection and is written down once, in one line`, async () => {
      const gateway = await startGateway()
      const bystander = await connectDevice(gateway, 'd2')
      const client = await connectDevice(gateway, 'd1')
      // Built by hand, as the generator refuses what a stranger would send.
      const name = Buffer.from(topic)
      const payload = Buffer.from(JSON.stringify(event('a', { phone: '13800138000' })))
      const length = 2 + name.length + 2 + payload.length
      const varint = [(length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14]
      client.socket.write(
        Buffer.concat([
          Buffer.from([0x32, ...varint, name.length >> 8, name.length & 255]),
          name,
          Buffer.from([0, 7]),
          payload,
        ]),
      )
      await client.ended()
      expect(client.acks()).toEqual([])
      expect(gateway.stored()).toEqual([])
      await eventually(() => expect(gateway.codes()).toEqual([code]))
      const { reason, device } = gateway.refusals[0]!
      expect(device).toBe('d1')
      expect(reason).not.toMatch(/[\p{Cc}\p{Cf}]|13800138000/u)
      expect(reason.length).toBeLessThan(1500)
      await bystander.ping()
      expect(bystander.count('publish')).toBe(0)
    })
  }

  test('with message id 0 is not acked and ends the connection', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    const { topic, payload } = publishEvent('d1', 'a')
    const body = Buffer.concat([
      Buffer.from([0, topic.length]),
      Buffer.from(topic),
      Buffer.from([0, 0]),
      Buffer.from(payload),
    ])
    client.socket.write(
      Buffer.concat([Buffer.from([0x32, (body.length & 127) | 128, body.length >> 7]), body]),
    )
    await client.ended()
    expect(client.acks()).toEqual([])
    expect(gateway.stored()).toEqual([])
    expect(gateway.codes()).toEqual(['PUBLISH_TOPIC_UNKNOWN'])
  })

  test('marked retained is stored like any other, and nobody gets it on subscribing', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    client.send(publish('lintel/v1/d1/status', { state: 'online' }, 1, { retain: true }))
    await client.next('puback')
    expect(gateway.stored('d1')).toMatchObject([status('online')])
    client.send({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: 'lintel/v1/d1/status', qos: 1 }] })
    expect(await client.next('suback')).toMatchObject({ granted: [128] })
    await client.ping()
    expect(client.count('publish')).toBe(0)
  })
})

describe('a subscription', () => {
  const denied = [
    '#',
    '+/+/+',
    '+/+/+/+',
    '$SYS/#',
    '$SYS/+/new/clients',
    'lintel/#',
    'lintel/v1/+/command',
    'lintel/v1/d2/command',
    'lintel/v1/d1/#',
    'lintel/v1/d1/+',
    'lintel/v1/d1/event',
    '$share/g/lintel/v1/d1/command',
  ]
  test('to anything but the own command topic is denied with 128, and nothing comes of it', async () => {
    const gateway = await startGateway()
    const spy = await connectDevice(gateway, 'd1')
    spy.send({
      cmd: 'subscribe',
      messageId: 9,
      subscriptions: denied.map(topic => ({ topic, qos: 1 as const })),
    })
    expect(await spy.next('suback')).toMatchObject({ granted: denied.map(() => 128) })
    expect(gateway.codes()).toEqual(denied.map(() => 'SUBSCRIBE_DENIED'))
    const other = await connectDevice(gateway, 'd2')
    other.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'lintel/v1/d2/command', qos: 1 }] })
    expect(await other.next('suback')).toMatchObject({ granted: [1] })
    other.send(
      publishEvent('d2', 'a', 2),
      publish('lintel/v1/d2/event', 'rubbish', 3),
      publish('lintel/v1/d2/snapshot/a', jpeg(), 4),
    )
    await eventually(() => expect(other.acks()).toHaveLength(3))
    await eventually(() => expect(other.count('publish')).toBe(2))
    gateway.broker.command('d1', { type: 'time', now: 'x' })
    await spy.ping()
    expect(spy.count('publish')).toBe(0)
  })

  test('to the own command topic is granted beside others that are denied', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    const topics = ['#', 'lintel/v1/d1/command', 'lintel/v1/d2/command']
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: topics.map(topic => ({ topic, qos: 2 as const })),
    })
    expect(await client.next('suback')).toMatchObject({ granted: [128, expect.toBeOneOf([1, 2]), 128] })
    expect(await client.next('publish')).toMatchObject({ topic: 'lintel/v1/d1/command', retain: false })
  })

  test('of thousands of filters ends the connection unread', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: Array.from({ length: 5000 }, (_, n) => ({ topic: `a/${n}`, qos: 0 as const })),
    })
    await client.ended()
    expect(gateway.codes()).toEqual(['PACKET_TOO_LARGE'])
  })
})

describe('a will', () => {
  const foreign = ['lintel/v1/d2/status', 'lintel/v1/d1/event', '$SYS/x/new/clients', 'lintel/v1/d1/status/x']
  test.each(foreign)('to %s is refused with the connection', async topic => {
    const gateway = await startGateway()
    const packet = connectPacket('d1', gateway.tokenOf('d1'), {
      will: { topic, payload: offline, qos: 1, retain: false },
    })
    expect(await tryConnect(gateway.port, packet)).toBeUndefined()
    await eventually(() => expect(gateway.codes()).toEqual(['PUBLISH_TOPIC_FOREIGN']))
    expect(gateway.stored()).toEqual([])
  })

  const will = { topic: 'lintel/v1/d1/status', payload: offline, qos: 1, retain: true } as const

  test.each([0, 1, 2] as const)('with QoS %i is stored as a status when the connection is cut', async qos => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1', { will: { ...will, qos } })
    client.socket.resetAndDestroy()
    await eventually(() => expect(gateway.stored('d1')).toMatchObject([status('offline')]))
  })

  test('is stored when the device breaks a rule and is cut for it', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1', { will })
    client.send(publish('x', ''))
    await client.ended()
    await eventually(() => expect(gateway.stored('d1')).toMatchObject([status('offline')]))
  })

  test('is not stored after a clean DISCONNECT', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1', { will })
    client.send({ cmd: 'disconnect' })
    await client.ended()
    await eventually(() => expect(gateway.broker.stats().connected).toBe(0))
    await gateway.broker.stop()
    expect(gateway.stored('d1')).toEqual([])
  })

  test('is not stored when the service stops: it says nothing of the device', async () => {
    const gateway = await startGateway()
    const clients = await Promise.all(
      ['d1', 'd2'].map(device =>
        connectDevice(gateway, device, { will: { ...will, topic: `lintel/v1/${device}/status` } }),
      ),
    )
    await gateway.broker.stop()
    for (const client of clients) await client.ended()
    expect(gateway.stored()).toEqual([])
  })

  test('is not stored where the connection was refused', async () => {
    const gateway = await startGateway()
    expect(await tryConnect(gateway.port, connectPacket('d1', 'wrong', { will }))).toBe(4)
    await gateway.broker.stop()
    expect(gateway.stored('d1')).toEqual([])
  })

  test('comes before what the device says after taking its session over', async () => {
    const gateway = await startGateway()
    await connectDevice(gateway, 'd1', { will })
    const again = await connectDevice(gateway, 'd1', { will })
    again.send(publish('lintel/v1/d1/status', { state: 'online' }))
    await again.next('puback')
    expect(gateway.stored('d1')).toMatchObject([status('offline'), status('online')])
  })

  test('that breaks the contract is parked', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1', { will: { ...will, payload: Buffer.from('gone') } })
    client.socket.resetAndDestroy()
    await eventually(() => expect(gateway.reader.parked(9)).toMatchObject([{ code: 'EVENT_MALFORMED' }]))
  })
})
