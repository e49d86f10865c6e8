import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { openLmdbJournal } from '../../gateway/journal/lmdb-journal.ts'
import { openLmdbJournalReader } from '../../gateway/journal/lmdb-reader.ts'
import { eventually } from '../support/eventually.ts'
import { type GatewayOptions, startGateway } from '../support/gateway.ts'
import { createHeldJournal } from '../support/held-journal.ts'
import { event, jpeg, publish, publishEvent } from '../support/messages.ts'
import { connectDevice, RawClient } from '../support/raw-client.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function startHeld(options: GatewayOptions = {}) {
  const journal = createHeldJournal(systemClock)
  return { journal, gateway: await startGateway({ ...options, journal, reader: journal }) }
}
const ids = (gateway: { stored(device: string): { id: string }[] }, device = 'd1') =>
  gateway.stored(device).map(({ id }) => id)
const diskFull = new LintelError('JOURNAL_DISK_LOW', 'the disk of the journal is nearly full')

describe('an ack', () => {
  test('of QoS 1 comes when the journal has the record, not before', async () => {
    const { gateway, journal } = await startHeld()
    const client = await connectDevice(gateway, 'd1')
    journal.hold()
    client.send(publishEvent('d1', 'a'))
    await eventually(() => expect(journal.waiting()).toBe(1))
    await client.ping()
    expect(client.acks()).toEqual([])
    journal.letGo()
    await eventually(() => expect(client.acks()).toEqual([1]))
    expect(ids(gateway)).toEqual(['a'])
  })

  test('of QoS 2 comes when the journal has the record, and the message is stored once however often it is repeated', async () => {
    const { gateway, journal } = await startHeld()
    const client = await connectDevice(gateway, 'd1')
    journal.hold()
    client.send(publishEvent('d1', 'a', 7, { qos: 2 }))
    await eventually(() => expect(journal.waiting()).toBe(1))
    await client.ping()
    expect(client.count('pubrec')).toBe(0)
    journal.letGo()
    await client.next('pubrec')
    client.send(publishEvent('d1', 'a', 7, { qos: 2, dup: true }))
    await client.next('pubrec')
    client.send({ cmd: 'pubrel', messageId: 7 })
    await client.next('pubcomp')
    client.send({ cmd: 'pubrel', messageId: 7 })
    await client.next('pubcomp')
    client.send(publishEvent('d1', 'a', 7, { qos: 2 }))
    await client.next('pubrec')
    expect(ids(gateway)).toEqual(['a'])
  })

  test.each([0, 1, 2] as const)('or none: with QoS %i an event is stored once', async qos => {
    const { gateway } = await startHeld()
    const client = await connectDevice(gateway, 'd1')
    const packet = { ...publishEvent('d1', 'a', 5), qos }
    client.send(packet, packet, { ...packet, dup: qos > 0 })
    await client.ping()
    await eventually(() =>
      expect(gateway.tally('d1')).toMatchObject({ received: 3, stored: 1, duplicate: 2 }),
    )
    expect(ids(gateway)).toEqual(['a'])
  })

  test.each([1, 2] as const)(
    'does not come where the journal refuses: with QoS %i the connection ends, and a repetition is stored once',
    async qos => {
      const { gateway, journal } = await startHeld()
      const client = await connectDevice(gateway, 'd1')
      journal.failWith(diskFull)
      client.send(publishEvent('d1', 'a', 3, { qos }))
      await client.ended()
      expect([client.count('puback'), client.count('pubrec')]).toEqual([0, 0])
      expect(gateway.codes()).toEqual(['JOURNAL_DISK_LOW'])
      expect(gateway.tally('d1')).toMatchObject({ received: 1, refused: 1, stored: 0 })
      journal.failWith()
      const again = await connectDevice(gateway, 'd1')
      again.send(publishEvent('d1', 'a', 3, { qos }))
      await again.next(qos === 1 ? 'puback' : 'pubrec')
      expect(ids(gateway)).toEqual(['a'])
    },
  )

  test('comes for all that a mixed message holds, at once', async () => {
    const { gateway } = await startHeld()
    const client = await connectDevice(gateway, 'd1')
    client.send(
      publish('lintel/v1/d1/event', [event('a'), event('b', { type: 'x' }), event('a'), event('c')]),
    )
    await client.next('puback')
    expect(ids(gateway)).toEqual(['a', 'c'])
    expect(gateway.reader.parked(9)).toMatchObject([{ code: 'EVENT_TYPE_UNKNOWN', id: 'b' }])
    expect(gateway.tally('d1')).toMatchObject({ received: 4, stored: 2, duplicate: 1, parked: 1 })
    await client.ping()
    expect(client.acks()).toEqual([1])
  })

  test('is not owed to a client that left while its commit was under way; what it sends again is stored once', async () => {
    const { gateway, journal } = await startHeld()
    journal.hold()
    const client = await connectDevice(gateway, 'd1')
    client.send(publishEvent('d1', 'a'))
    await eventually(() => expect(journal.waiting()).toBe(1))
    client.socket.resetAndDestroy()
    await eventually(() => expect(gateway.broker.stats().connected).toBe(0))
    const again = await connectDevice(gateway, 'd1')
    again.send(publishEvent('d1', 'a'))
    await eventually(() => expect(journal.waiting()).toBe(2))
    journal.letGo()
    await again.next('puback')
    expect(ids(gateway)).toEqual(['a'])
    expect(gateway.broker.stats()).toMatchObject({ inFlight: 0, inFlightBytes: 0 })
    expect(gateway.refusals).toEqual([])
  })

  test('is waited for by a stop', async () => {
    const { gateway, journal } = await startHeld()
    const client = await connectDevice(gateway, 'd1')
    journal.hold()
    client.send(publishEvent('d1', 'a'))
    await eventually(() => expect(journal.waiting()).toBe(1))
    const stopping = gateway.broker.stop()
    client.send(publishEvent('d1', 'b', 2))
    await expect(RawClient.open(gateway.port)).rejects.toThrow()
    journal.letGo()
    await stopping
    await client.ended()
    expect(client.acks()).toEqual([1])
    expect(ids(gateway)).toEqual(['a'])
  })

  test('or more come in the order of the messages, from a journal on disk, across devices', async () => {
    const directory = await temporaryDirectory()
    const journal = await openLmdbJournal({
      directory,
      clock: systemClock,
      maxRememberedIds: 1e6,
      maxParked: 1000,
      maxBytes: 1e9,
      reserveBytes: 0,
    })
    const reader = openLmdbJournalReader(directory)
    onTestFinished(async () => {
      await reader.close()
      await journal.stop()
    })
    const devices = ['d1', 'd2', 'd3', 'd4']
    const gateway = await startGateway({ devices, journal, reader })
    const count = 2000
    await Promise.all(
      devices.map(async device => {
        const client = await connectDevice(gateway, device)
        for (let n = 1; n <= count; n += 50) {
          client.send(...Array.from({ length: 50 }, (_, i) => publishEvent(device, `e${n + i}`, n + i)))
          await new Promise(resolve => setImmediate(resolve))
        }
        await eventually(() => expect(client.acks()).toHaveLength(count), 20_000)
        expect(client.acks()).toEqual(Array.from({ length: count }, (_, n) => n + 1))
      }),
    )
    for (const device of devices)
      expect(ids(gateway, device)).toEqual(Array.from({ length: count }, (_, n) => `e${n + 1}`))
  })
})

describe('a will', () => {
  const will = {
    topic: 'lintel/v1/d1/status',
    payload: Buffer.from('{"state":"offline"}'),
    qos: 1,
    retain: false,
  } as const
  test('that the journal refuses is tried again until it is stored', async () => {
    const { gateway, journal } = await startHeld()
    const client = await connectDevice(gateway, 'd1', { will })
    journal.failWith(diskFull)
    client.socket.resetAndDestroy()
    await eventually(() => expect(gateway.tally('d1')).toMatchObject({ refused: 1 }))
    journal.failWith()
    await eventually(() => expect(gateway.stored('d1')).toMatchObject([{ data: { state: 'offline' } }]))
  })

  test('that the journal refused is given up once the device is back: it must not be told offline while it is connected', async () => {
    const { gateway, journal } = await startHeld()
    const client = await connectDevice(gateway, 'd1', { will })
    journal.failWith(diskFull)
    client.socket.resetAndDestroy()
    await eventually(() => expect(gateway.tally('d1')).toMatchObject({ refused: 1 }))
    const again = await connectDevice(gateway, 'd1')
    journal.failWith()
    again.send(publish('lintel/v1/d1/status', { state: 'online' }))
    await again.next('puback')
    // Longer than it takes until the next try.
    await expect(eventually(() => gateway.stored('d1').length > 1, 1500)).rejects.toThrow()
    expect(gateway.stored('d1')).toMatchObject([{ data: { state: 'online' } }])
  })
})

describe('while the journal stalls', () => {
  test('a device is read no further than 64 messages, sent in one write or in many, and all of them are stored in order afterwards', async () => {
    const { gateway, journal } = await startHeld({ devices: ['one', 'many'] })
    journal.hold()
    const one = await connectDevice(gateway, 'one')
    const many = await connectDevice(gateway, 'many')
    const count = 3000
    const packets = (device: string) =>
      Array.from({ length: count }, (_, n) => publishEvent(device, `e${n}`, n + 1))
    one.send(...packets('one'))
    for (const packet of packets('many')) {
      many.send(packet)
      if (packet.messageId! % 20 === 0) await new Promise(resolve => setImmediate(resolve))
    }
    // How a network cuts what is sent in many writes is not ours to say: of that, up to 64 are read.
    await eventually(() => expect(journal.waiting()).toBeGreaterThan(64))
    // Commits come back in parts, as they do, and new ones are held.
    for (let n = 0; n < 20; n++) {
      journal.letGo(30)
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(journal.peak()).toBeLessThanOrEqual(128)
    journal.letGo()
    for (const [device, client] of [
      ['one', one],
      ['many', many],
    ] as const) {
      await eventually(() => expect(client.acks()).toHaveLength(count), 20_000)
      expect(client.acks()).toEqual(Array.from({ length: count }, (_, n) => n + 1))
      expect(ids(gateway, device)).toEqual(Array.from({ length: count }, (_, n) => `e${n}`))
      await client.ping()
      client.send(publishEvent(device, 'last', 5000))
      await eventually(() => expect(client.acks()).toContain(5000))
    }
    expect(gateway.broker.stats()).toMatchObject({ inFlight: 0, inFlightBytes: 0 })
  })

  test('devices are read no further than a number of bytes, and all goes on afterwards', async () => {
    const devices = Array.from({ length: 10 }, (_, n) => `d${n}`)
    const maxBytes = 200_000
    const { gateway, journal } = await startHeld({ devices: [...devices, 'bystander'], broker: { maxBytes } })
    const bystander = await connectDevice(gateway, 'bystander')
    journal.hold()
    const clients = await Promise.all(devices.map(device => connectDevice(gateway, device)))
    const padded = (id: string) => JSON.stringify(event(id)).padEnd(8000)
    for (const [i, client] of clients.entries()) {
      const topic = `lintel/v1/d${i}/event`
      client.send(...Array.from({ length: 20 }, (_, n) => publish(topic, padded(`e${n}`), n + 1)))
    }
    await eventually(() => expect(gateway.broker.stats().inFlightBytes).toBeGreaterThanOrEqual(maxBytes))
    for (let n = 0; n < 10; n++) await bystander.ping()
    expect(gateway.broker.stats().pauses).toBeGreaterThan(5)
    expect(gateway.broker.stats().inFlightBytes).toBeLessThanOrEqual(2 * maxBytes)
    expect(journal.peak()).toBeLessThanOrEqual(maxBytes / 8000 + devices.length)
    journal.letGo()
    for (const client of clients) await eventually(() => expect(client.acks()).toHaveLength(20))
    for (const client of clients) await client.ping()
    expect(gateway.refusals).toEqual([])
    expect(gateway.broker.stats()).toMatchObject({ inFlight: 0, inFlightBytes: 0 })
  })

  test('a message that finds twice that number of bytes waiting ends its connection and is counted', async () => {
    const { gateway, journal } = await startHeld({
      devices: ['d1', 'd2', 'd3'],
      broker: { maxBytes: 10_000 },
    })
    journal.hold()
    const [d1, d2, d3] = await Promise.all(['d1', 'd2', 'd3'].map(device => connectDevice(gateway, device)))
    const padded = (id: string) => JSON.stringify(event(id)).padEnd(9000)
    d1!.send(publish('lintel/v1/d1/event', padded('a')))
    await eventually(() => expect(journal.waiting()).toBe(1))
    d2!.send(publish('lintel/v1/d2/event', padded('a')))
    await eventually(() => expect(journal.waiting()).toBe(2))
    d3!.send(publish('lintel/v1/d3/event', padded('a')))
    await d3!.ended()
    expect(gateway.codes()).toEqual(['PUBLISH_OVERLOADED'])
    expect(gateway.tally('d3')).toMatchObject({ received: 1, refused: 1 })
    journal.letGo()
    await d1!.next('puback')
    await d2!.next('puback')
  })

  const stalls = [
    { title: 'one message', count: 1, bytes: 200, maxBytes: 1e9 },
    { title: 'more than 64', count: 100, bytes: 200, maxBytes: 1e9 },
    { title: 'more bytes than may wait, of others', count: 1, bytes: 20_000, maxBytes: 30_000 },
  ]
  test.each(stalls)(
    'longer than a device would be missed, it stays connected with $title on the way',
    async ({ count, bytes, maxBytes }) => {
      const { gateway, journal } = await startHeld({ broker: { maxBytes } })
      journal.hold()
      const other = await connectDevice(gateway, 'd2')
      const client = await connectDevice(gateway, 'd1', { keepalive: 1 })
      const pinging = setInterval(() => client.send({ cmd: 'pingreq' }), 500)
      onTestFinished(() => clearInterval(pinging))
      client.send(
        ...Array.from({ length: count }, (_, n) =>
          publish('lintel/v1/d1/event', JSON.stringify(event(`e${n}`)).padEnd(bytes), n + 1),
        ),
      )
      other.send(publish('lintel/v1/d2/event', JSON.stringify(event('x')).padEnd(bytes)))
      await eventually(() => expect(journal.waiting()).toBe(Math.min(count, 64) + 1))
      // The first to come is acked and its device still not read, as long as the other's message waits.
      if (maxBytes < 1e9) {
        journal.letGo(1)
        journal.hold()
      }
      await new Promise(resolve => setTimeout(resolve, 2500))
      expect([client.closed, other.closed]).toEqual([false, false])
      journal.letGo()
      await eventually(() => expect(client.acks()).toHaveLength(count))
      await client.ping()
      expect(gateway.refusals).toEqual([])
    },
  )

  test('a device that falls silent is missed once nothing of it is on the way', async () => {
    const { gateway } = await startHeld()
    const client = await connectDevice(gateway, 'd1', { keepalive: 1 })
    client.send(publishEvent('d1', 'a'))
    await client.next('puback')
    await client.ended()
    expect(gateway.refusals).toMatchObject([{ device: 'd1', reason: 'keep alive timeout' }])
  })
})

test('a payload that makes admission throw ends its connection, not the process', async () => {
  const { gateway, journal } = await startHeld()
  const client = await connectDevice(gateway, 'd1')
  const { append } = journal
  journal.append = () => {
    throw new RangeError('a bug')
  }
  client.send(publishEvent('d1', 'a'))
  await client.ended()
  expect(gateway.refusals).toMatchObject([{ device: 'd1', code: undefined, reason: 'a bug' }])
  expect(gateway.broker.stats()).toMatchObject({ inFlight: 0, inFlightBytes: 0 })
  journal.append = append
  const again = await connectDevice(gateway, 'd1')
  again.send(publish('lintel/v1/d1/snapshot/a', jpeg()))
  await again.next('puback')
})
