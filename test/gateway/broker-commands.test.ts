import type { QoS } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { dayMs } from '../../core/clock.ts'
import { parseCommand } from '../../devices/client/command.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { event, publish } from '../support/messages.ts'
import { connectDevice } from '../support/raw-client.ts'
import { withoutMoments } from '../support/without-moments.ts'

/** A connected device that listens, and what it has been told since it subscribed. */
async function listening(qos: QoS = 1) {
  const gateway = await startGateway()
  const client = await connectDevice(gateway, 'd1')
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'lintel/v1/d1/command', qos }] })
  await client.next('suback')
  const told = () =>
    client.received.flatMap(packet =>
      packet.cmd === 'publish' ? [JSON.parse(packet.payload.toString())] : [],
    )
  await eventually(() => expect(told()).toHaveLength(1))
  return { gateway, client, told }
}

describe('a device that listens', () => {
  test.each([0, 1] as const)(
    'is told the time when it subscribes with QoS %i, in a form that its client understands',
    async qos => {
      const { client, told } = await listening(qos)
      expect(told()).toEqual([{ type: 'time', now: expect.stringMatching(/Z$/) }])
      const { payload, qos: sent } = await client.next('publish')
      expect(sent).toBe(qos)
      expect(parseCommand(Buffer.from(payload))).toEqual({
        type: 'time',
        now: expect.closeTo(Date.now(), -4),
      })
    },
  )

  const answers = [
    ['what is not JSON', '{"a"', { type: 'refusal', code: 'EVENT_MALFORMED' }],
    [
      'an unknown type',
      event('a', { type: 'unlock' }),
      { type: 'refusal', code: 'EVENT_TYPE_UNKNOWN', id: 'a' },
    ],
    ['a missing member', event('a', { data: {} }), { type: 'refusal', code: 'EVENT_INVALID', id: 'a' }],
    [
      'a time without offset',
      event('a', { time: '2026-11-21T08:30:00' }),
      { type: 'refusal', code: 'EVENT_TIME_INVALID', id: 'a' },
    ],
    ['a person’s number as id', event('13800138000'), { type: 'refusal', code: 'EVENT_ID_INVALID' }],
    ['too many events', Array(501).fill(0), { type: 'refusal', code: 'EVENT_BATCH_TOO_LONG' }],
    [
      'a personal member',
      event('a', { phoneNumber: '13800138000' }),
      { type: 'notice', code: 'EVENT_PERSONAL_MEMBER', members: ['phoneNumber'] },
    ],
  ] as const
  test.each(answers)('is told of %s once, and its message is acked', async (_, payload, answer) => {
    const { client, told } = await listening()
    client.send(publish('lintel/v1/d1/event', payload, 2))
    await client.next('puback')
    await eventually(() => expect(told()).toHaveLength(2))
    expect(told()[1]).toEqual({ reason: expect.any(String), ...answer })
    expect(withoutMoments(told())).not.toContain('138')
  })

  test('is told of an id that comes again with something else, which is stored; and of nothing where it comes again as it was', async () => {
    const { client, told, gateway } = await listening()
    const first = event('1')
    const forced = event('1', { type: 'door', data: { state: 'forced' } })
    for (const [n, payload] of [first, first, forced, first, forced].entries())
      client.send(publish('lintel/v1/d1/event', payload, n + 2))
    for (let n = 0; n < 5; n++) await client.next('puback')
    await client.ping()
    expect(told().slice(1)).toEqual([
      { type: 'notice', code: 'EVENT_ID_REUSED', id: '1', reason: expect.any(String) },
    ])
    expect(gateway.tally('d1')).toMatchObject({ received: 5, stored: 2, reused: 1, duplicate: 3 })
  })

  test('is told of a status that breaks the contract', async () => {
    const { client, told } = await listening()
    client.send(publish('lintel/v1/d1/status', { state: 'asleep' }, 2))
    await eventually(() => expect(told()[1]).toMatchObject({ type: 'refusal', code: 'STATUS_INVALID' }))
  })

  test('is told the time when its clock is wrong, but not more often than once a minute', async () => {
    const { client, told, gateway } = await listening()
    client.send(
      publish(
        'lintel/v1/d1/event',
        event('a', { time: new Date(Date.now() - 400 * dayMs).toISOString() }),
        2,
      ),
    )
    await client.next('puback')
    await client.ping()
    expect(told()).toHaveLength(1)
    expect(gateway.tally('d1')).toMatchObject({ stored: 1, skewed: 1 })
  })

  test('gets commands of the gateway, and none of another device', async () => {
    const { client, told, gateway } = await listening()
    const other = await connectDevice(gateway, 'd2')
    expect(gateway.broker.command('d1', { type: 'time', now: 'x' })).toBe(true)
    expect(gateway.broker.command('d2', { type: 'time', now: 'y' })).toBe(true)
    expect(gateway.broker.command('d3', { type: 'time', now: 'z' })).toBe(false)
    await eventually(() => expect(told().slice(1)).toEqual([{ type: 'time', now: 'x' }]))
    await other.ping()
    expect(other.count('publish')).toBe(0)
    await client.ping()
    expect(told()).toHaveLength(2)
  })
})

test('a device whose connection was ended hears why when it is back, once', async () => {
  const gateway = await startGateway({ broker: { maxPacketBytes: 5000 } })
  /** What a device is told that connects and subscribes. */
  const comeBack = async () => {
    const client = await connectDevice(gateway, 'd1')
    const subscriptions = [{ topic: 'lintel/v1/d1/command', qos: 0 as const }]
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions })
    await client.next('suback')
    await client.next('publish')
    await client.ping()
    const told = client.received.flatMap(packet =>
      packet.cmd === 'publish'
        ? [JSON.parse(packet.payload.toString()) as { type: string; code?: string }]
        : [],
    )
    return { client, told }
  }
  const { client, told } = await comeBack()
  expect(told.map(({ type }) => type)).toEqual(['time'])
  client.send(publish('lintel/v1/d1/snapshot/a', Buffer.alloc(6000)))
  await client.ended()
  expect((await comeBack()).told).toMatchObject([
    { type: 'time' },
    { type: 'refusal', code: 'PACKET_TOO_LARGE' },
  ])
  expect((await comeBack()).told.map(({ type }) => type)).toEqual(['time'])
})
