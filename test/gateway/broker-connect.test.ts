import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Gateway, row, startGateway } from '../support/gateway.ts'
import { publishEvent } from '../support/messages.ts'
import { connectDevice, connectPacket, RawClient, tryConnect } from '../support/raw-client.ts'

const invalidUtf8 = (gateway: Gateway) => {
  // The two bytes of the client id, overwritten by what no text holds.
  const bytes = Buffer.from([
    0x10, 18, 0, 4, ...Buffer.from('MQTT'), 4, 0b1000_0010, 0, 60, 0, 2, 0xc3, 0x28, 0, 2, ...Buffer.from('d1'),
  ]) // biome-ignore format: fixed header, then the CONNECT
  return RawClient.open(gateway.port).then(client => {
    client.socket.write(bytes)
    return client
  })
}

describe('a connection', () => {
  const cases = [
    { title: 'lets a device in with its token', id: 'd1', change: {}, returnCode: 0, code: undefined },
    {
      title: 'lets MQTT 3.1 in',
      id: 'd1',
      change: { protocolId: 'MQIsdp', protocolVersion: 3 },
      returnCode: 0,
      code: undefined,
    },
    { title: 'lets an odd but valid id in', id: '__proto__', change: {}, returnCode: 0, code: undefined },
    {
      title: 'refuses a wrong token',
      id: 'd1',
      change: { password: Buffer.from('x') },
      returnCode: 4,
      code: 'CONNECT_TOKEN_WRONG',
    },
    {
      title: 'refuses no password',
      id: 'd1',
      change: { password: undefined },
      returnCode: 4,
      code: 'CONNECT_TOKEN_WRONG',
    },
    {
      title: 'refuses an unknown device',
      id: 'nobody',
      change: {},
      returnCode: 4,
      code: 'CONNECT_DEVICE_UNKNOWN',
    },
    {
      title: 'refuses the unknown device constructor',
      id: 'constructor',
      change: {},
      returnCode: 4,
      code: 'CONNECT_DEVICE_UNKNOWN',
    },
    {
      title: 'refuses a disabled device',
      id: 'off',
      change: {},
      returnCode: 5,
      code: 'CONNECT_DEVICE_DISABLED',
    },
    {
      title: 'refuses the client id of another',
      id: 'd1',
      change: { clientId: 'd2' },
      returnCode: 5,
      code: 'CONNECT_ID_MISMATCH',
    },
    {
      title: 'refuses a user name that is not the client id',
      id: 'd1',
      change: { username: 'd2' },
      returnCode: 5,
      code: 'CONNECT_ID_MISMATCH',
    },
    {
      title: 'refuses an empty client id',
      id: 'd1',
      change: { clientId: '' },
      returnCode: 2,
      code: 'CONNECT_ID_INVALID',
    },
    {
      title: 'refuses a wildcard as client id',
      id: 'a/#/+',
      change: {},
      returnCode: 2,
      code: 'CONNECT_ID_INVALID',
    },
    {
      title: 'refuses a client id of 3,000 bytes',
      id: 'x'.repeat(3000),
      change: { username: 'd1' },
      returnCode: 2,
      code: 'CONNECT_ID_INVALID',
    },
    {
      title: 'refuses control characters in a client id',
      id: 'd\r\n\u001b[31m\0',
      change: {},
      returnCode: 2,
      code: 'CONNECT_ID_INVALID',
    },
    {
      title: 'refuses MQTT 5 with its own code for that',
      id: 'd1',
      change: { protocolVersion: 5 },
      returnCode: 132,
      code: 'UNSUPPORTED_PROTOCOL_VERSION',
    },
    {
      title: 'ends a client id of 64 KiB unread',
      id: 'x'.repeat(65_535),
      change: {},
      returnCode: undefined,
      code: 'PACKET_TOO_LARGE',
    },
  ] as const
  for (const { title, id, change, returnCode, code } of cases) {
    test(`${title}, and writes down one refusal at most`, async () => {
      const gateway = await startGateway({ devices: ['d1', 'd2', 'off', '__proto__'] })
      await gateway.registry.setEnabled('off', false)
      const packet = connectPacket(id, gateway.tokenOf(id) ?? 'x', change as object)
      expect(await tryConnect(gateway.port, packet)).toBe(returnCode)
      expect(gateway.broker.sessions()).toHaveLength(returnCode === 0 ? 1 : 0)
      await eventually(() => expect(gateway.codes()).toEqual(returnCode === 0 ? [] : [code]))
      for (const { device, reason } of gateway.refusals) expect(`${device} ${reason}`).not.toMatch(/\p{Cc}/u)
      for (const { reason } of gateway.refusals) expect(reason.length).toBeLessThan(2000)
    })
  }

  test('that speaks MQTT 5 is told to use 3.1.1, and so is the operator, under the id that it called itself', async () => {
    const gateway = await startGateway()
    const client = await RawClient.open(gateway.port)
    const bytes = new Promise<Buffer>(resolve => client.socket.once('data', resolve))
    client.send(connectPacket('d1', gateway.tokenOf('d1'), { protocolVersion: 5 }))
    expect((await bytes).subarray(0, 4)).toEqual(Buffer.from([0x20, 20, 0, 0x84]))
    expect((await bytes).toString()).toContain('use MQTT 3.1.1')
    await client.ended()
    expect(gateway.refusals).toMatchObject([
      { code: 'UNSUPPORTED_PROTOCOL_VERSION', device: 'd1', claimed: true, reason: expect.stringContaining('use MQTT 3.1.1') },
    ]) // biome-ignore format: one thing
  })

  test('of a protocol level that there is not is answered with return code 1, and told with that level', async () => {
    const gateway = await startGateway()
    const client = await RawClient.open(gateway.port)
    const packet = Buffer.from([
      0x10,
      16,
      0,
      4,
      ...Buffer.from('MQTT'),
      6,
      2,
      0,
      60,
      0,
      2,
      ...Buffer.from('d1'),
      0,
      0,
    ])
    client.socket.write(packet)
    expect(await client.next('connack')).toMatchObject({ returnCode: 1 })
    await eventually(() => expect(gateway.refusals).toMatchObject([{ code: 'UNSUPPORTED_PROTOCOL_VERSION', reason: expect.stringContaining('level 6') }])) // biome-ignore format: one thing
  })

  test('that knocks and is not let in is listed until it is, with how often', async () => {
    const gateway = await startGateway()
    for (const password of ['x', 'y']) await tryConnect(gateway.port, connectPacket('new-door', password))
    await tryConnect(gateway.port, connectPacket('d1', 'wrong'))
    await tryConnect(gateway.port, connectPacket('d-13812345678', 'x'))
    expect(gateway.broker.knocks().knocks).toMatchObject([
      { id: '<13 characters: a-00000000000>', code: 'CONNECT_DEVICE_UNKNOWN', times: 1 },
      { id: 'd1', code: 'CONNECT_TOKEN_WRONG', times: 1 },
      { id: 'new-door', code: 'CONNECT_DEVICE_UNKNOWN', times: 2, address: '127.0.0.1' },
    ])
    await connectDevice(gateway, 'd1')
    expect(gateway.broker.knocks().knocks.map(({ id }) => id)).not.toContain('d1')
  })

  test('that another of the same identity takes over from again and again is told once, and not of one that comes back', async () => {
    const gateway = await startGateway()
    for (let n = 0; n < 5; n++) await connectDevice(gateway, 'd1')
    expect(gateway.codes()).toEqual([])
    for (let n = 0; n < 5; n++) await connectDevice(gateway, 'd1')
    expect(gateway.refusals).toMatchObject([
      { code: 'CONNECT_TAKEN_OVER', device: 'd1', reason: expect.stringContaining('both from 127.0.0.1') },
    ])
    expect(gateway.refusals[0]).not.toHaveProperty('claimed')
  })

  test('refuses a client id that is not UTF-8', async () => {
    const gateway = await startGateway()
    const client = await invalidUtf8(gateway)
    expect(await client.next('connack')).toMatchObject({ returnCode: 2 })
    await client.ended()
    expect(gateway.codes()).toEqual(['CONNECT_ID_INVALID'])
  })

  test('ends when a second CONNECT comes', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    client.send(connectPacket('d1', gateway.tokenOf('d1')))
    await client.ended()
    await eventually(() => expect(gateway.refusals).toHaveLength(1))
    expect(gateway.broker.sessions()).toEqual([])
  })

  const strangers = [
    ['a PUBLISH', (client: RawClient) => client.send(publishEvent('d1', 'a'))],
    [
      'a SUBSCRIBE',
      (client: RawClient) =>
        client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos: 0 }] }),
    ],
    ['a ping', (client: RawClient) => client.send({ cmd: 'pingreq' })],
    ['rubbish', (client: RawClient) => void client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['zeros', (client: RawClient) => void client.socket.write(Buffer.alloc(100))],
  ] as const
  test.each(strangers)('ends when %s comes before the CONNECT, and stores nothing', async (_, say) => {
    const gateway = await startGateway()
    const client = await RawClient.open(gateway.port)
    say(client)
    await client.ended()
    expect(gateway.stored()).toEqual([])
    await eventually(() => expect(gateway.refusals).toHaveLength(1))
  })

  test('leaves no session of a client that sends rubbish right behind its CONNECT', async () => {
    const gateway = await startGateway()
    for (let n = 0; n < 20; n++) {
      const client = await RawClient.open(gateway.port)
      client.socket.cork()
      client.send(connectPacket('d1', gateway.tokenOf('d1')))
      client.socket.write(Buffer.from([0xf0, 0xff, 0xff, 0xff, 0xff, 0xff]))
      client.socket.uncork()
      await client.ended()
    }
    await eventually(() => expect(gateway.broker.stats().connected).toBe(0))
    expect(gateway.broker.command('d1', { type: 'time', now: '' })).toBe(false)
  })

  test('takes what a device sends right behind its CONNECT, in one write, however much', async () => {
    const gateway = await startGateway()
    const client = await RawClient.open(gateway.port)
    const events = Array.from({ length: 300 }, (_, n) => publishEvent('d1', `e${n}`, n + 1))
    const long = { ...publishEvent('d1', 'long', 400), payload: `${' '.repeat(20_000)}{}` }
    client.send(connectPacket('d1', gateway.tokenOf('d1')), long, ...events)
    await eventually(() => expect(client.acks()).toHaveLength(301))
    expect(client.received[0]).toMatchObject({ cmd: 'connack', returnCode: 0 })
    expect(gateway.stored('d1')).toHaveLength(300)
    expect(gateway.refusals).toEqual([])
  })
})

describe('a session', () => {
  test('is not ended by another device that claims its id', async () => {
    const gateway = await startGateway()
    const b = await connectDevice(gateway, 'd2')
    const thief = connectPacket('d2', gateway.tokenOf('d1'))
    expect(await tryConnect(gateway.port, thief)).toBe(4)
    expect(await tryConnect(gateway.port, { ...thief, username: 'd1' })).toBe(5)
    await b.ping()
    expect(gateway.broker.sessions().map(({ device }) => device)).toEqual(['d2'])
  })

  test('ends when its own device connects again', async () => {
    const gateway = await startGateway()
    const before = await connectDevice(gateway, 'd1')
    const after = await connectDevice(gateway, 'd1')
    await before.ended()
    await after.ping()
    await eventually(() => expect(gateway.broker.sessions()).toHaveLength(1))
    expect(gateway.broker.command('d1', { type: 'time', now: '' })).toBe(true)
  })

  test('is one after a storm of connections of the same device', async () => {
    const gateway = await startGateway()
    const clients = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const client = await RawClient.open(gateway.port)
        client.send(connectPacket('d1', gateway.tokenOf('d1')))
        return client
      }),
    )
    await eventually(() => expect(clients.filter(client => !client.closed)).toHaveLength(1))
    await eventually(() => expect(gateway.broker.stats().connected).toBe(1))
    await clients.find(client => !client.closed)!.ping()
  })

  test('ends within a refresh when its device is disabled or gets a new token, and nobody else is touched', async () => {
    const gateway = await startGateway({ devices: ['d1', 'd2', 'd3'] })
    const [d1, d2, d3] = await Promise.all(['d1', 'd2', 'd3'].map(device => connectDevice(gateway, device)))
    await gateway.registry.setEnabled('d1', false)
    await gateway.registry.rotate('d2')
    gateway.broker.refresh()
    await d1!.ended()
    await d2!.ended()
    await d3!.ping()
    expect(await tryConnect(gateway.port, connectPacket('d1', gateway.tokenOf('d1')))).toBe(5)
    expect(await tryConnect(gateway.port, connectPacket('d2', gateway.tokenOf('d2')))).toBe(4)
  })

  test('reports from the new place as soon as its device was moved', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    client.send(publishEvent('d1', 'before'))
    await client.next('puback')
    await gateway.registry.enrol([row('d1', { building: 'elsewhere' })], 0)
    gateway.broker.refresh()
    client.send(publishEvent('d1', 'after'))
    await client.next('puback')
    const places = gateway.reader.read(0, 10).entries.map(({ record }) => record.place.building)
    expect(places).toEqual(['b', 'elsewhere'])
  })

  test('is cut by a stop, which waits for the acks under way but for no client', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    const stranger = await RawClient.open(gateway.port)
    client.send(publishEvent('d1', 'a'))
    await client.next('puback')
    await gateway.broker.stop()
    await Promise.all([client.ended(), stranger.ended()])
  })
})
