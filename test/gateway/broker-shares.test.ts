import { array, assert, asyncProperty, constantFrom } from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { maxJsonBytes } from '../../devices/contract/topics.ts'
import { createAdmit } from '../../gateway/admit/admit.ts'
import { openWaitingRoom } from '../../gateway/admit/waiting-room.ts'
import { eventually } from '../support/eventually.ts'
import { type GatewayOptions, startGateway } from '../support/gateway.ts'
import { createHeldJournal } from '../support/held-journal.ts'
import { heldBytes } from '../support/memory.ts'
import { event, jpeg, publish, publishEvent } from '../support/messages.ts'
import { connectDevice, connectPacket, RawClient, tryConnect } from '../support/raw-client.ts'
import { somewhere } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const mebibyte = 1024 * 1024
const commandOf = (device: string) => ({
  cmd: 'subscribe' as const,
  messageId: 1,
  subscriptions: [{ topic: `lintel/v1/${device}/command`, qos: 1 as const }],
})

async function startHeld(options: GatewayOptions = {}) {
  const journal = createHeldJournal(systemClock)
  return { journal, gateway: await startGateway({ ...options, journal, reader: journal }) }
}

describe("a device's share of the memory", () => {
  test('holds no payload of QoS 2 that is in the journal, though its PUBREL never comes', async () => {
    const gateway = await startGateway({ cpuMs: () => 0 })
    const client = await connectDevice(gateway, 'd1')
    const before = heldBytes()
    // As much as one device may send at once.
    const count = 40
    for (let n = 1; n <= count; n++) {
      client.send(publish('lintel/v1/d1/event', Buffer.alloc(200_000, 32), n, { qos: 2 }))
      await eventually(() => client.count('pubrec') === n)
    }
    // Buffers are swept by a thread of their own.
    await eventually(() => expect(heldBytes() - before).toBeLessThan(4 * mebibyte))
    expect(client.closed).toBe(false)
  })

  test('is a thousand items that wait for the disk, whatever number of messages they are of', async () => {
    const { gateway, journal } = await startHeld()
    const client = await connectDevice(gateway, 'd1')
    journal.hold()
    const rubbish = `[${Array(500).fill('{}')}]`
    for (let n = 1; n <= 40; n++) client.send(publish('lintel/v1/d1/event', rubbish, n))
    await eventually(() => expect(gateway.broker.stats().pauses).toBe(1))
    expect(gateway.broker.stats().inFlight).toBe(1)
    journal.letGo()
    await eventually(() => expect(client.acks()).toHaveLength(40), 20_000)
    expect(gateway.broker.stats()).toMatchObject({ inFlight: 0, inFlightBytes: 0 })
  })

  test('grows with no answers that it does not read', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    const good = await connectDevice(gateway, 'd2')
    client.send(commandOf('d1'))
    await client.next('suback')
    client.socket.pause()
    const before = heldBytes()
    const pings = Buffer.from(Array(32_768).fill([0xc0, 0]).flat())
    for (let n = 0; n < 40; n++) client.socket.write(pings)
    const deadline = setInterval(() => client.socket.write(Buffer.alloc(0)), 100)
    onTestFinished(() => clearInterval(deadline))
    good.send(commandOf('d2'), publish('lintel/v1/d2/event', 'rubbish', 2))
    await good.next('puback')
    await eventually(() => expect(good.count('publish')).toBe(2))
    await eventually(() => expect(heldBytes() - before).toBeLessThan(8 * mebibyte))
  })
})

describe("a device's share of the loop", () => {
  const floods = [
    ['PINGREQ', Buffer.from([0xc0, 0])],
    ['PUBACK', Buffer.from([0x40, 2, 0, 1])],
    ['PUBREL', Buffer.from([0x62, 2, 0, 1])],
    ['SUBSCRIBE', Buffer.from([0x82, 6, 0, 1, 0, 1, 0x61, 0])],
    ['UNSUBSCRIBE', Buffer.from([0xa2, 5, 0, 1, 0, 1, 0x61])],
  ] as const
  test.each(floods)('is 200 packets of %s at once, and it alone waits for the rest', async (kind, packet) => {
    const gateway = await startGateway()
    const good = await connectDevice(gateway, 'd2')
    const client = await connectDevice(gateway, 'd1')
    const startedAt = performance.now()
    client.socket.write(Buffer.concat(Array<Buffer>(50_000).fill(packet)))
    if (kind === 'SUBSCRIBE') await client.ended()
    for (let n = 1; n <= 20; n++) {
      good.send(publishEvent('d2', `e${n}`, n))
      await eventually(() => good.acks().length === n)
    }
    const seconds = (performance.now() - startedAt) / 1000
    expect(client.received.length).toBeLessThanOrEqual(201 + 200 * seconds)
    expect(client.closed).toBe(kind === 'SUBSCRIBE')
  })

  test('is one that it keeps, with messages that take long', async () => {
    let cpuMs = 0
    const gateway = await startGateway({ cpuMs: () => (cpuMs += 60) })
    const client = await connectDevice(gateway, 'd1')
    const small = publishEvent('d1', 'last', 3)
    const large = publish('lintel/v1/d1/event', JSON.stringify(event('a')).padEnd(1000), 1)
    client.send(large, { ...large, messageId: 2 }, small)
    await eventually(() => expect(client.acks()).toEqual([1]))
    await eventually(() => expect(gateway.broker.stats().waits.work).toBe(1))
    await eventually(() => expect(client.acks()).toEqual([1, 2, 3]), 20_000)
  })

  test('ends with a hundred topics that it is denied, told of only so often', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    const subscribe = (from: number, count: number) => ({
      cmd: 'subscribe' as const,
      messageId: 1 + from,
      subscriptions: Array.from({ length: count }, (_, n) => ({ topic: `t${from + n}`, qos: 0 as const })),
    })
    client.send(subscribe(0, 60), subscribe(60, 40))
    await client.ping()
    expect(client.count('suback')).toBe(2)
    client.send(subscribe(100, 1))
    await client.ended()
    expect(gateway.broker.stats().denied).toBe(101)
    expect(gateway.codes().filter(code => code === 'SUBSCRIBE_DENIED')).toHaveLength(20)
    expect(gateway.codes().at(-1)).toBe('SUBSCRIBE_LIMIT')
  })

  test('parses no JSON of more than 256 KiB: it is parked whole, acked and told of, on each topic', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    client.send(commandOf('d1'))
    await client.next('publish')
    const whole = (extra: number) => JSON.stringify(event('a')).padEnd(maxJsonBytes + extra)
    client.send(publish('lintel/v1/d1/event', whole(0), 2))
    client.send(publish('lintel/v1/d1/event', whole(1), 3))
    client.send(publish('lintel/v1/d1/status', '{"state":"online"}'.padEnd(maxJsonBytes + 1), 4))
    await eventually(() => expect(client.acks()).toEqual([2, 3, 4]))
    expect(gateway.stored('d1').map(({ id }) => id)).toEqual(['a'])
    expect(gateway.reader.parked(9).map(({ code, bytes }) => [code, bytes])).toEqual([
      ['EVENT_TOO_LARGE', maxJsonBytes + 1],
      ['EVENT_TOO_LARGE', maxJsonBytes + 1],
    ])
    await eventually(() => expect(client.count('publish')).toBe(3))
    expect(gateway.tally('d1')).toMatchObject({ received: 3, stored: 1, parked: 2 })
  })
})

describe('a place at the door', () => {
  const local = { host: '127.0.0.1', port: 0 }

  test('is made by the oldest that is silent, so that a device gets in whatever floods', async () => {
    const gateway = await startGateway({ broker: { maxUnidentified: 20, websocket: local } })
    let isOver = false
    const hold = async (port: number) => {
      while (!isOver) {
        // One that is driven out before it is open fails to open.
        const client = await RawClient.open(port).catch(() => undefined)
        await client?.ended()
      }
    }
    const ports = [gateway.port, gateway.broker.addresses.websocket!.port]
    const floods = ports.flatMap(port => Array.from({ length: 20 }, () => hold(port)))
    await eventually(() => expect(gateway.broker.stats().displaced).toBeGreaterThan(20))
    let connected = 0
    for (let n = 0; n < 10; n++) {
      await eventually(async () => {
        const code = await tryConnect(gateway.port, connectPacket('d1', gateway.tokenOf('d1')))
        expect(code).toBe(0)
      })
      connected++
    }
    isOver = true
    await gateway.broker.stop()
    await Promise.all(floods)
    expect(connected).toBe(10)
  }, 30_000)

  test('is taken from nobody who has said who he is', async () => {
    const gateway = await startGateway({ broker: { maxUnidentified: 3, maxConnections: 5 } })
    const devices = [await connectDevice(gateway, 'd1'), await connectDevice(gateway, 'd2')]
    const silent: RawClient[] = []
    for (let n = 0; n < 30; n++) silent.push(await RawClient.open(gateway.port))
    await eventually(() => expect(silent.filter(({ closed }) => closed)).toHaveLength(27))
    expect(silent.slice(-3).map(({ closed }) => closed)).toEqual([false, false, false])
    for (const device of devices) await device.ping()
    expect(gateway.broker.stats().displaced).toBe(27)
  })
})

describe('acks', () => {
  test('come in the order of the messages, whatever is wrong with some of them', async () => {
    const gateway = await startGateway()
    let run = 0
    await assert(
      asyncProperty(
        array(
          constantFrom('good', 'same', 'rubbish', 'skewed', 'personal', 'status', 'bad status', 'too large'),
          {
            minLength: 1,
            maxLength: 60,
          },
        ),
        async kinds => {
          const client = await connectDevice(gateway, 'd1')
          run++
          const packets = kinds.map((kind, n) => {
            const id = kind === 'same' ? 'same' : `${run}-${n}`
            const payloads: Record<typeof kind, unknown> = {
              good: event(id),
              same: event(id),
              rubbish: '{"',
              skewed: event(id, { time: '2001-01-01T00:00:00Z' }),
              personal: event(id, { phone: '1' }),
              status: { state: 'online' },
              'bad status': { state: 'x' },
              'too large': ' '.repeat(maxJsonBytes + 1),
            }
            const topic = kind.endsWith('status') ? 'status' : 'event'
            return publish(`lintel/v1/d1/${topic}`, payloads[kind], n + 1)
          })
          client.send(...packets)
          await eventually(() => expect(client.acks()).toHaveLength(kinds.length))
          expect(client.acks()).toEqual(kinds.map((_, n) => n + 1))
        },
      ),
      { numRuns: 30 },
    )
  }, 60_000)

  test('and no answer to what was refused goes out before it is on disk, whatever it was', async () => {
    const journal = createHeldJournal(systemClock)
    const waitingRoom = await openWaitingRoom({
      directory: await temporaryDirectory(), clock: systemClock, maxBytes: 1e8, maxAgeMs: 1e6,
    }) // biome-ignore format: options
    onTestFinished(() => waitingRoom.close())
    const admit = createAdmit({
      maxSnapshotBytes: 1000,
      journal,
      waitingRoom,
      clock: systemClock,
      runId: 'r',
    })
    const told: string[] = []
    const sender = {
      device: 'd1',
      place: somewhere,
      feedback: { refuse: (code: string) => told.push(code), cut: () => told.push('cut'), mended: () => told.push('cut'), pictureInEvent: () => told.push('cut'), again: () => told.push('again'), tellTime: () => told.push('time') },
    } // biome-ignore format: one sender
    const json = (value: unknown) => Buffer.from(JSON.stringify(value))
    const messages: [string, () => Promise<unknown>][] = [
      ['EVENT_MALFORMED', () => admit.events(sender, Buffer.from('{'))],
      ['EVENT_INVALID', () => admit.events(sender, json([event('a'), event('b', { data: {} })]))],
      ['EVENT_TOO_LARGE', () => admit.events(sender, Buffer.alloc(maxJsonBytes + 1, 32))],
      ['cut', () => admit.events(sender, json(event('c', { phone: '1' })))],
      ['time', () => admit.events(sender, json(event('d', { time: '2001-01-01T00:00:00Z' })))],
      ['STATUS_INVALID', () => admit.status(sender, json({ state: 'x' }))],
      ['SNAPSHOT_TOO_LARGE', () => admit.snapshot(sender, 'e', jpeg(2000))],
      ['SNAPSHOT_NOT_JPEG', () => admit.snapshot(sender, 'e', Buffer.alloc(9))],
      ['SIGHTING_INVALID', () => admit.sightings(sender, json({ id: 'a' }))],
      ['PLACE_INVALID', () => admit.park(sender, { code: 'PLACE_INVALID', reason: 'x' }, 9)],
    ]
    for (const [expected, message] of messages) {
      journal.hold()
      const before = told.length
      const acked = message()
      await eventually(() => expect(journal.waiting()).toBe(1))
      expect(told.slice(before)).toEqual([])
      journal.letGo()
      await acked
      expect(told.slice(before)).toEqual([expected])
      journal.failWith(new LintelError('JOURNAL_DISK_LOW', 'full'))
      await expect(message()).rejects.toMatchObject({ code: 'JOURNAL_DISK_LOW' })
      expect(told.slice(before)).toEqual([expected])
      journal.failWith()
    }
  })
})

describe('a device whose acks wait for the disk', () => {
  test.each([
    ['one message', 1],
    ['more than are read', 100],
  ])('is not missed with %s on the way, though it says nothing else', async (_, count) => {
    const { gateway, journal } = await startHeld()
    journal.hold()
    const client = await connectDevice(gateway, 'd1', { keepalive: 1 })
    client.send(...Array.from({ length: count }, (_, n) => publishEvent('d1', `e${n}`, n + 1)))
    await eventually(() => expect(journal.waiting()).toBe(Math.min(64, count)))
    // One that connects later and says nothing is missed: by then the first would have been, too.
    const silent = await connectDevice(gateway, 'd2', { keepalive: 1 })
    await silent.ended()
    expect(client.closed).toBe(false)
    journal.letGo()
    await eventually(() => expect(client.acks()).toHaveLength(count))
  })
})

describe('a takeover', () => {
  const will = {
    topic: 'lintel/v1/d1/status',
    payload: Buffer.from('{"state":"offline"}'),
    qos: 1 as const,
    retain: true,
  }

  test('leaves one connection, that of the last, however many come at once', async () => {
    const gateway = await startGateway()
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.open(gateway.port)))
      for (const [n, client] of clients.entries()) {
        client.send(connectPacket('d1', gateway.tokenOf('d1'), { will }), commandOf('d1'))
        if (n % 2 === 0) await new Promise(resolve => setImmediate(resolve))
      }
      await eventually(() => expect(clients.filter(({ closed }) => !closed)).toHaveLength(1))
      const [last] = clients.filter(({ closed }) => !closed)
      await last!.ping()
      expect(gateway.broker.sessions()).toHaveLength(1)
      expect(gateway.broker.command('d1', { type: 'time', now: 'x' })).toBe(true)
      await eventually(() =>
        expect(last!.received.filter(packet => packet.cmd === 'publish' && String(packet.payload).includes('"x"'))).toHaveLength(1),
      ) // biome-ignore format: one question
    }
  })

  test('never leaves the old will behind what the device has said since, however the old one ended', async () => {
    const gateway = await startGateway()
    const endings = ['none', 'reset', 'half', 'end'] as const
    await assert(
      asyncProperty(constantFrom(...endings), async ending => {
        const old = await connectDevice(gateway, 'd1', { will })
        old.send(commandOf('d1'))
        await old.next('suback')
        if (ending === 'reset') old.socket.resetAndDestroy()
        if (ending === 'end') old.socket.end()
        if (ending === 'half') old.socket.write(Buffer.from([0x30]))
        const back = await connectDevice(gateway, 'd1', { will })
        back.send(publish('lintel/v1/d1/status', { state: 'online' }))
        await back.next('puback')
        await old.ended()
        await back.ping()
        expect(gateway.stored('d1').at(-1)).toMatchObject({ kind: 'status', data: { state: 'online' } })
        back.send({ cmd: 'disconnect' })
        await back.ended()
        await eventually(() => expect(gateway.broker.sessions()).toEqual([]))
      }),
      { numRuns: 40 },
    )
  }, 60_000)
})
