import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { event, publishEvent } from '../support/messages.ts'
import { connectDevice, RawClient } from '../support/raw-client.ts'

const topicBytes = (topic: string) => [topic.length >> 8, topic.length & 255, ...Buffer.from(topic)]
const packet = (first: number, ...body: number[]) => Buffer.from([first, body.length, ...body])
const eventTopic = topicBytes('lintel/v1/d1/event')
const commandFilter = [...topicBytes('lintel/v1/d1/command'), 1]

describe('a malformed packet', () => {
  const cases: [string, Buffer][] = [
    ['a PUBLISH of QoS 1 that ends with its topic', packet(0x32, ...eventTopic)],
    ['a PUBLISH of QoS 2 with half a packet id', packet(0x34, ...eventTopic, 0)],
    ['a PUBLISH of QoS 0 with DUP', packet(0x38, ...eventTopic, ...Buffer.from('{}'))],
    ['a PUBLISH to a topic with a NUL', packet(0x32, ...topicBytes('lintel/v1/d1/snapshot/a\0'), 0, 1)],
    [
      'a PUBLISH to a topic that is not UTF-8',
      packet(0x32, 0, 24, ...Buffer.from('lintel/v1/d1/snapshot/a'), 0xff, 0, 1),
    ],
    ['a SUBSCRIBE with id 0', packet(0x82, 0, 0, ...commandFilter)],
    ['an UNSUBSCRIBE with id 0', packet(0xa2, 0, 0, ...topicBytes('a'))],
    ['an UNSUBSCRIBE without topics', packet(0xa2, 0, 1)],
    ['a PUBREL with id 0', packet(0x62, 0, 0)],
    ['a PUBREL of 4 bytes', packet(0x62, 0, 1, 0, 0)],
    ['a PUBACK of no bytes', packet(0x40)],
    ['a PUBACK of one byte', packet(0x40, 0)],
    ['a PUBACK of 3 bytes', packet(0x40, 0, 1, 0)],
    ['a PINGREQ with a body', packet(0xc0, 1, 2)],
    ['a DISCONNECT with a body', packet(0xe0, 1)],
  ]
  test.each(cases)(
    'such as %s ends the connection, and of what follows nothing is taken',
    async (_, bytes) => {
      const gateway = await startGateway()
      const client = await connectDevice(gateway, 'd1')
      client.socket.write(bytes)
      client.send(publishEvent('d1', 'behind', 9))
      await client.ended()
      expect(client.acks()).toEqual([])
      expect(gateway.stored()).toEqual([])
      expect(gateway.reader.parked(9)).toEqual([])
      await eventually(() => expect(gateway.codes()).toEqual(['PACKET_MALFORMED']))
      // Its maker hears of it.
      const again = await connectDevice(gateway, 'd1')
      again.send({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [{ topic: 'lintel/v1/d1/command', qos: 1 }],
      })
      await eventually(() => expect(again.count('publish')).toBe(2))
      expect(
        JSON.stringify(again.received.map(packet => String((packet as { payload?: Buffer }).payload))),
      ).toContain('PACKET_MALFORMED')
    },
  )

  test('does not concern those that are as they should be', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    client.socket.write(packet(0x82, 0, 1, ...commandFilter))
    await client.next('suback')
    client.socket.write(packet(0x40, 0, 1))
    client.socket.write(
      packet(0x30, ...eventTopic, ...Buffer.from(JSON.stringify(event('a'))).subarray(0, 100)),
    )
    client.socket.write(packet(0xa2, 0, 2, ...topicBytes('lintel/v1/d1/command')))
    await client.next('unsuback')
    await client.ping()
    expect(gateway.refusals).toEqual([])
  })
})

describe('a CONNECT', () => {
  const connect = (level: number, flags: number, ...rest: number[]) =>
    packet(0x10, ...topicBytes('MQTT'), level, flags, 0, 60, ...topicBytes('d1'), ...rest)
  const levels: [string, Buffer, number | undefined][] = [
    ['of level 0', connect(0, 2), 1],
    ['of level 6', connect(6, 2), 1],
    ['of level 127', connect(127, 2), 1],
    ['of level 5 without properties', connect(5, 2), 1],
    ['of a bridge', connect(0x84, 2), 1],
    ['with bytes behind its end', connect(4, 2, 1, 2, 3), undefined],
    ['with a will of QoS 3', connect(4, 2 + 4 + 24, ...topicBytes('lintel/v1/d1/status'), 0, 0), undefined],
    ['with a password and no user name', connect(4, 2 + 64, ...topicBytes('x')), undefined],
  ]
  test.each(levels)('%s is answered as MQTT 3.1.1 says', async (_, bytes, returnCode) => {
    const gateway = await startGateway()
    const client = await RawClient.open(gateway.port)
    client.socket.write(bytes)
    await client.ended()
    const connack = client.received.find(({ cmd }) => cmd === 'connack')
    expect(connack === undefined ? undefined : (connack as { returnCode?: number }).returnCode).toBe(
      returnCode,
    )
    expect(gateway.broker.sessions()).toEqual([])
  })

  for (const [title, flags] of [
    ['a clean session', 0x82],
    ['a session that is kept', 0x80],
  ] as const)
    test(`without a client id and with ${title} is answered with 2`, async () => {
      const gateway = await startGateway()
      const client = await RawClient.open(gateway.port)
      client.socket.write(
        packet(0x10, ...topicBytes('MQTT'), 4, flags, 0, 60, ...topicBytes(''), ...topicBytes('d1')),
      )
      expect(await client.next('connack')).toMatchObject({ returnCode: 2 })
      await client.ended()
    })
})
