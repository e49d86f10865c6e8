import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { heldBytes } from '../support/memory.ts'
import { event, jpeg, publish, publishEvent } from '../support/messages.ts'
import { connectDevice, connectPacket, RawClient, tryConnect } from '../support/raw-client.ts'

const mebibyte = 1024 * 1024
/** A header that claims so many bytes: 1 is CONNECT, 3 PUBLISH. */
const header = (type: number, bytes: number, flags = 0) =>
  Buffer.from([
    type * 16 + flags,
    (bytes & 127) | 128,
    ((bytes >> 7) & 127) | 128,
    ((bytes >> 14) & 127) | 128,
    bytes >> 21,
  ])

/** Pours bytes into a connection for as long as it takes them. */
async function pour(client: RawClient, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(mebibyte / 4)
  for (let sent = 0; sent < bytes && !client.closed; sent += chunk.length) {
    if (!client.socket.write(chunk))
      await eventually(() => client.closed || client.socket.writableLength < chunk.length)
  }
}

describe('a packet that is too long', () => {
  const cases = [
    ['a CONNECT that claims 256 MiB', false, header(1, 268_435_455)],
    ['a CONNECT that claims 5 kB', false, header(1, 5000)],
    ['a PUBLISH of a stranger that claims 1 MiB', false, header(3, mebibyte)],
    ['a PUBLISH that claims 256 MiB', true, header(3, 268_435_455, 2)],
    ['a PUBLISH one byte over the limit', true, header(3, mebibyte + 4097, 2)],
    ['a SUBSCRIBE that claims 1 MiB', true, header(8, mebibyte, 2)],
    ['an UNSUBSCRIBE that claims 1 MiB', true, header(10, mebibyte, 2)],
    ['a PINGREQ that claims 1 MiB', true, header(12, mebibyte)],
  ] as const
  for (const [title, isConnected, bytes] of cases) {
    test(`such as ${title} ends the connection at its header, and nothing of it is kept`, async () => {
      const gateway = await startGateway()
      const client = isConnected ? await connectDevice(gateway, 'd1') : await RawClient.open(gateway.port)
      const before = heldBytes()
      client.socket.write(bytes)
      await pour(client, 32 * mebibyte)
      await client.ended()
      await eventually(() => expect(heldBytes() - before).toBeLessThan(16 * mebibyte))
      expect(gateway.codes()).toEqual(['PACKET_TOO_LARGE'])
      expect(gateway.broker.sessions()).toEqual([])
      const refused = gateway.tally('d1')?.refused ?? 0
      expect(refused + (gateway.tally('d1', 'snapshot')?.refused ?? 0)).toBe(isConnected ? 1 : 0)
    })
  }

  test('is one byte more than a snapshot that is taken', async () => {
    const topic = 'lintel/v1/d1/snapshot/a'
    const fits = 20_000 - 2 - topic.length - 2
    const gateway = await startGateway({ broker: { maxPacketBytes: 20_000 } })
    const client = await connectDevice(gateway, 'd1')
    client.send(publish(topic, jpeg(fits)))
    await client.next('puback')
    client.send(publish('lintel/v1/d1/snapshot/b', jpeg(fits + 1), 2))
    await client.ended()
    expect(gateway.stored('d1')).toMatchObject([{ kind: 'snapshot', data: { bytes: fits } }])
    expect(gateway.tally('d1', 'snapshot')).toMatchObject({ received: 2, refused: 1 })
  })
})

describe('connections', () => {
  test('that have not said who they are are limited, while those that have are not', async () => {
    const gateway = await startGateway({ broker: { maxUnidentified: 5 } })
    const devices = await Promise.all([connectDevice(gateway, 'd1'), connectDevice(gateway, 'd2')])
    const idle = await Promise.all(Array.from({ length: 30 }, () => RawClient.open(gateway.port)))
    await eventually(() => expect(idle.filter(client => client.closed)).toHaveLength(25))
    expect(gateway.codes()).toEqual(Array(25).fill('CONNECT_LIMIT'))
    for (const client of idle) client.socket.destroy()
    for (const device of devices) await device.ping()
    await eventually(async () =>
      expect(await tryConnect(gateway.port, connectPacket('d1', gateway.tokenOf('d1')))).toBe(0),
    )
  })

  test('beyond the most allowed are ended at once, and there is room again when others leave', async () => {
    const devices = Array.from({ length: 8 }, (_, n) => `d${n}`)
    const gateway = await startGateway({ devices, broker: { maxConnections: 5 } })
    const first = await Promise.all(devices.slice(0, 5).map(device => connectDevice(gateway, device)))
    expect(await tryConnect(gateway.port, connectPacket('d6', gateway.tokenOf('d6')))).toBeUndefined()
    expect(gateway.codes()).toEqual(['CONNECT_LIMIT'])
    first[0]!.socket.destroy()
    await eventually(async () =>
      expect(await tryConnect(gateway.port, connectPacket('d6', gateway.tokenOf('d6')))).toBe(0),
    )
    for (const client of first.slice(1)) await client.ping()
  })

  test('leave nothing behind, however they end', async () => {
    const gateway = await startGateway({ broker: { maxUnidentified: 4, maxConnections: 6 } })
    const endings: ((client: RawClient) => void)[] = [
      client => void client.socket.resetAndDestroy(),
      client => void client.socket.end(),
      client => void client.socket.write(Buffer.alloc(9)),
      client => client.send(connectPacket('d1', 'wrong')),
      client =>
        client.send(
          connectPacket('d1', gateway.tokenOf('d1'), {
            will: { topic: 'x', payload: Buffer.alloc(1), qos: 0, retain: false },
          }),
        ),
      client => client.send(connectPacket('d1', gateway.tokenOf('d1')), { cmd: 'disconnect' }),
      client => {
        client.send(connectPacket('d1', gateway.tokenOf('d1')), publishEvent('d1', 'a'))
        client.socket.resetAndDestroy()
      },
      client => client.send(connectPacket('d1', gateway.tokenOf('d1')), publish('x', '')),
    ]
    for (let n = 0; n < 400; n++) {
      const client = await RawClient.open(gateway.port)
      endings[n % endings.length]!(client)
      await client.ended()
    }
    await eventually(() =>
      expect(gateway.broker.stats()).toMatchObject({ connected: 0, inFlight: 0, inFlightBytes: 0 }),
    )
    const codes = new Set(gateway.codes())
    expect(codes).not.toContain('CONNECT_LIMIT')
    // As many fit in as at the beginning.
    const idle = await Promise.all(Array.from({ length: 6 }, () => RawClient.open(gateway.port)))
    await eventually(() => expect(idle.filter(client => client.closed)).toHaveLength(2))
  })

  test('that say who they are one byte at a time do not hold up others', async () => {
    const gateway = await startGateway()
    const slow = await RawClient.open(gateway.port)
    for (const byte of header(1, 200)) slow.socket.write(Buffer.from([byte]))
    const client = await connectDevice(gateway, 'd1')
    for (let n = 0; n < 30; n++) {
      slow.socket.write(Buffer.from([0]))
      await client.ping()
    }
    expect(slow.closed).toBe(false)
    expect(gateway.broker.sessions()).toMatchObject([{ device: 'd1' }])
  })

  test('that take too long to say who they are are ended, slow, idle or half upgraded', async () => {
    const local = { host: '127.0.0.1', port: 0 }
    const gateway = await startGateway({ broker: { identifyWithinMs: 300, websocket: local } })
    const { tcp, websocket } = gateway.broker.addresses
    const device = await connectDevice(gateway, 'd1')
    const idle = await RawClient.open(tcp!.port)
    const slow = await RawClient.open(tcp!.port)
    const silent = await RawClient.open(websocket!.port)
    const half = await RawClient.open(websocket!.port)
    half.socket.write('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n')
    slow.socket.write(header(1, 200))
    const dripping = setInterval(() => slow.socket.write(Buffer.from([0])), 20)
    onTestFinished(() => clearInterval(dripping))
    await Promise.all([idle, slow, silent, half].map(client => client.ended()))
    await device.ping()
    expect(gateway.broker.stats().connected).toBe(1)
  })
})

describe('a device', () => {
  test('gets its acks while another sends nothing but rubbish as fast as it can', async () => {
    const gateway = await startGateway({ devices: ['d1', 'flood'] })
    const good = await connectDevice(gateway, 'd1')
    const flood = await connectDevice(gateway, 'flood')
    flood.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: 'lintel/v1/flood/command', qos: 0 }],
    })
    let sent = 0
    let isOver = false
    const flooding = (async () => {
      while (!isOver) {
        flood.send(
          ...Array.from({ length: 200 }, () =>
            publish('lintel/v1/flood/event', `{"rubbish ${sent++}`, (sent % 65_000) + 1),
          ),
        )
        await new Promise(resolve => setImmediate(resolve))
      }
    })()
    for (let n = 1; n <= 100; n++) {
      good.send(publish('lintel/v1/d1/event', event(`e${n}`), n))
      await eventually(() => good.acks().length === n)
    }
    isOver = true
    await flooding
    await eventually(() => expect(flood.acks()).toHaveLength(sent), 60_000)
    expect(gateway.stored('d1')).toHaveLength(100)
    expect(gateway.tally('flood')).toMatchObject({ received: sent, parked: sent })
    const refusals = flood.received.filter(packet => packet.cmd === 'publish')
    expect(refusals.length).toBeLessThan(60)
    expect(gateway.broker.stats().heldBack).toBe(sent + 1 - refusals.length)
  })
})
