import { describe, expect, test } from 'vitest'
import { dayMs, hourMs, minuteMs, systemClock } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { eventually } from '../support/eventually.ts'
import { type Gateway, type GatewayOptions, row, startGateway } from '../support/gateway.ts'
import { createHeldJournal } from '../support/held-journal.ts'
import { event, jpeg, publish } from '../support/messages.ts'
import { connectDevice, connectPacket, type RawClient, tryConnect } from '../support/raw-client.ts'
import { withoutMoments } from '../support/without-moments.ts'

const account = (sites: readonly string[] = []) =>
  row('edge-1', { kind: 'gateway', site: 'nanshe', ...(sites.length === 0 ? {} : { sites }) })
const place = (change: object = {}) => ({
  kind: 'terminal', site: 'nanshe', building: 'b01', point: 'p1', zone: 'Asia/Shanghai', ...change,
}) // biome-ignore format: one row
const topicOf = (device: string, what: string) => `lintel/v1/${device}/${what}`
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

interface Told {
  type: string
  code?: string
  device?: string
  id?: string
}

/** A connected gateway that listens, and what it is told. */
async function listen(gateway: Gateway) {
  const client = await connectDevice(gateway, 'edge-1')
  const subscriptions = [{ topic: topicOf('edge-1', 'command'), qos: 0 as const }]
  client.send({ cmd: 'subscribe', messageId: 60_000, subscriptions })
  await client.next('suback')
  await client.next('publish')
  const told = () =>
    client.received.flatMap(packet =>
      packet.cmd === 'publish' ? [JSON.parse(packet.payload.toString()) as Told] : [],
    )
  return { client, told }
}

async function startCentre(options: GatewayOptions = {}, sites: readonly string[] = []) {
  const devices = [account(sites), row('d1', { site: 'nanshe' }), row('d9', { site: 'far' })]
  const gateway = await startGateway({ devices, ...options })
  return { gateway, ...(await listen(gateway)) }
}

async function say(client: RawClient, messageId: number, topic: string, payload: unknown) {
  client.send(publish(topic, payload, messageId))
  await eventually(() => expect(client.acks()).toContain(messageId))
}

describe('the account of a gateway', () => {
  test('may send events of a device of its site, which stand where the device does', async () => {
    const { gateway, client } = await startCentre()
    await say(client, 1, topicOf('d1', 'event'), [event('a'), event('b')])
    const { entries } = gateway.reader.read(0, 9)
    expect(entries.map(({ device, id }) => [device, id])).toEqual([['d1', 'a'], ['d1', 'b']]) // biome-ignore format: pairs
    expect(entries[0]!.record.place.id).toBe(gateway.registry.get('d1')!.place)
    expect(gateway.tally('d1')).toMatchObject({ received: 2, stored: 2 })
  })

  test('may send a status and health of its own, like any device', async () => {
    const { gateway, client } = await startCentre()
    await say(client, 1, topicOf('edge-1', 'status'), { state: 'online' })
    await say(client, 2, topicOf('edge-1', 'event'), event('h', { type: 'health', data: { uptimeS: 5 } }))
    expect(gateway.stored('edge-1').map(({ kind }) => kind)).toEqual(['status', 'health'])
  })

  const foreign = [
    ['events of a device of another site', 'd9', 'event', event('a')],
    ['a picture of a device of another site', 'd9', 'snapshot/a', jpeg()],
    ['a sighting of a device of another site', 'd9', 'sighting', {}],
    ['a status of a device of another site', 'd9', 'status', { state: 'online', id: 's', time: ago(0) }],
    ['events of a device that is not enrolled', 'd2', 'event', event('a')],
    ['the place of a device of another site', 'd9', 'place', place()],
    ['a place of another site', 'd2', 'place', place({ site: 'far' })],
    ['that its device stands at another site', 'd1', 'place', place({ site: 'far' })],
    ['the place of another gateway', 'edge-2', 'place', place()],
    ['events of another gateway', 'edge-2', 'event', event('a')],
    ['events of a device whose name is none', 'd 1', 'event', event('a')],
  ] as const
  test.each(foreign)(
    'is not heard with %s: no ack, and it is told when it is back',
    async (_, device, what, payload) => {
      const devices = [account(), row('d1', { site: 'nanshe' }), row('d9', { site: 'far' }), row('edge-2', { kind: 'gateway', site: 'nanshe' })] // biome-ignore format: a list
      const { gateway, client } = await startCentre({ devices })
      const before = gateway.registry.list()
      client.send(publish(topicOf(device, what), payload, 7))
      await client.ended()
      expect(client.acks()).toEqual([])
      expect(gateway.codes()).toEqual(['PUBLISH_TOPIC_FOREIGN'])
      expect(gateway.stored()).toEqual([])
      expect(gateway.registry.list()).toEqual(before)
      expect(gateway.tally('edge-1')).toMatchObject({ received: 1, refused: 1 })
      const back = await listen(gateway)
      await eventually(() =>
        expect(back.told()[1]).toMatchObject({ type: 'refusal', code: 'PUBLISH_TOPIC_FOREIGN', device }),
      )
    },
  )

  test.each(['command', 'nonsense', 'event/a', ''])(
    'may not publish to the topic "%s" of its devices',
    async what => {
      const { gateway, client } = await startCentre()
      client.send(publish(topicOf('d1', what), event('a'), 7))
      await client.ended()
      expect(gateway.codes()).toEqual(['PUBLISH_TOPIC_UNKNOWN'])
    },
  )

  test.each(['place', 'sighting'])('has no %s of its own', async what => {
    const { gateway, client } = await startCentre()
    client.send(publish(topicOf('edge-1', what), place(), 7))
    await client.ended()
    expect(gateway.codes()).toEqual(['PUBLISH_TOPIC_UNKNOWN'])
  })

  test('may neither listen to the commands of its devices nor leave a will for them', async () => {
    const { gateway, client } = await startCentre()
    const subscriptions = ['command', 'event'].map(what => ({ topic: topicOf('d1', what), qos: 1 as const }))
    client.send({ cmd: 'subscribe', messageId: 2, subscriptions })
    expect(await client.next('suback')).toMatchObject({ granted: [128, 128] })
    const will = {
      topic: topicOf('d1', 'status'),
      payload: Buffer.from('{}'),
      qos: 1,
      retain: false,
    } as const
    expect(await tryConnect(gateway.port, connectPacket('edge-1', gateway.tokenOf('edge-1'), { will }))).toBe(
      undefined,
    )
  })

  test('speaks for further sites once the operator says so, and no longer when he takes them away', async () => {
    const { gateway, client } = await startCentre()
    const enrol = async (sites: readonly string[]) => {
      await gateway.registry.enrol([account(sites)], systemClock())
      gateway.broker.refresh()
    }
    await enrol(['far', 'farther'])
    await say(client, 1, topicOf('d9', 'event'), event('a'))
    await enrol(['farther'])
    client.send(publish(topicOf('d9', 'event'), event('b'), 2))
    await client.ended()
    expect(gateway.stored('d9').map(({ id }) => id)).toEqual(['a'])
  })

  test('is cut when it is disabled', async () => {
    const { gateway, client } = await startCentre()
    await gateway.registry.setEnabled('edge-1', false)
    gateway.broker.refresh()
    await client.ended()
  })
})

describe('an ordinary device', () => {
  test.each([
    ['a place of its own', 'd1', 'place', 'PUBLISH_TOPIC_UNKNOWN'],
    ['a sighting of its own', 'd1', 'sighting', 'PUBLISH_TOPIC_UNKNOWN'],
    ['a place of another', 'd2', 'place', 'PUBLISH_TOPIC_FOREIGN'],
    ['a sighting of another', 'd2', 'sighting', 'PUBLISH_TOPIC_FOREIGN'],
  ])('may not say %s', async (_, device, what, code) => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    client.send(publish(topicOf(device, what), place(), 7))
    await client.ended()
    expect(gateway.codes()).toEqual([code])
  })

  test('cannot mark its own events as of a wrong clock', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    client.send(publish(topicOf('d1', 'event'), event('a', { skewed: true }), 7))
    await client.next('puback')
    expect(gateway.tally('d1')).toMatchObject({ stored: 1, skewed: 0, ignored: 1 })
  })
})

describe('a place that a gateway says', () => {
  test('enrols the device, with a token that nobody knows, and through whom it reports', async () => {
    const { gateway, client } = await startCentre()
    await say(client, 1, topicOf('d2', 'place'), { ...place(), comment: 'Zhang' })
    expect(gateway.registry.get('d2')).toMatchObject({
      device: 'd2',
      ...place(),
      via: 'edge-1',
      enabled: true,
    })
    expect(JSON.stringify(gateway.registry.get('d2'))).not.toContain('Zhang')
    await say(client, 2, topicOf('d2', 'event'), event('a'))
    expect(gateway.stored('d2').map(({ id }) => id)).toEqual(['a'])
    expect(await tryConnect(gateway.port, connectPacket('d2', ''))).toBe(4)
    const token = await gateway.registry.rotate('d2')
    expect(await tryConnect(gateway.port, connectPacket('d2', token))).toBe(0)
    expect(gateway.registry.get('d2')).not.toHaveProperty('via')
  })

  test('moves a device from the next message on, and nothing that was there before', async () => {
    const { gateway, client } = await startCentre()
    await say(client, 1, topicOf('d1', 'event'), event('a'))
    await say(client, 2, topicOf('d1', 'place'), place({ building: 'b77' }))
    await say(client, 3, topicOf('d1', 'event'), event('b'))
    const places = gateway.reader.read(0, 9).entries.map(({ record }) => record.place.building)
    expect(places).toEqual(['b', 'b77'])
    expect(gateway.registry.get('d1')).not.toHaveProperty('via')
  })

  test('that is known changes nothing, and nobody is asked', async () => {
    const asked: string[] = []
    const enroller = {
      announce: async (_: string, device: string) => {
        asked.push(device)
        return { outcome: 'unchanged' } as const
      },
    }
    const { gateway, client } = await startCentre({ enroller })
    const version = gateway.registry.version()
    await say(client, 1, topicOf('d1', 'place'), place({ building: 'b', point: 'd1' }))
    expect({ asked, version: gateway.registry.version() }).toEqual({ asked: [], version })
  })

  test('tells that it is the door of one household, which another announcement does not unsay', async () => {
    const { gateway, client } = await startCentre()
    await say(client, 1, topicOf('d1', 'place'), place({ building: 'b', point: 'd1', household: true }))
    await say(client, 2, topicOf('d1', 'place'), place({ building: 'b', point: 'd2' }))
    expect(gateway.registry.get('d1')).toMatchObject({ point: 'd2', household: true })
  })

  test('is not acked while it cannot be taken down', async () => {
    const enroller = { announce: () => Promise.reject(new LintelError('API_UNAVAILABLE', 'down')) }
    const { gateway, client } = await startCentre({ enroller })
    client.send(publish(topicOf('d2', 'place'), place(), 1))
    await client.ended()
    expect(client.acks()).toEqual([])
    expect(gateway.codes()).toEqual(['API_UNAVAILABLE'])
  })

  test.each([
    ['is not JSON', 'x', 'EVENT_MALFORMED'],
    ['lacks its site', place({ site: undefined }), 'PLACE_INVALID'],
    ['is of a gateway', place({ kind: 'gateway' }), 'PLACE_INVALID'],
    ['has a zone that is none', place({ zone: 'Mars' }), 'PLACE_INVALID'],
    ['has a name with a slash', place({ point: 'a/b' }), 'PLACE_INVALID'],
    ['has a person’s number for a name', place({ building: '13800138000' }), 'PLACE_INVALID'],
  ])('is parked where it %s, and the gateway is told of which device', async (_, payload, code) => {
    const { gateway, client, told } = await startCentre()
    await say(client, 1, topicOf('d2', 'place'), payload)
    expect(gateway.registry.get('d2')).toBeUndefined()
    expect(gateway.reader.parked(9)).toMatchObject([{ device: 'edge-1', code }])
    await eventually(() => expect(told()[1]).toMatchObject({ type: 'refusal', code, device: 'd2' }))
    expect(gateway.tally('edge-1')).toMatchObject({ received: 1, parked: 1 })
    expect(withoutMoments([gateway.reader.parked(9), told()])).not.toContain('138')
  })
})

describe('what a gateway sends', () => {
  test('keeps the mark of a wrong clock, and is placed in time by the centre', async () => {
    const { gateway, client } = await startCentre()
    await say(client, 1, topicOf('d1', 'event'), [
      event('a', { skewed: true }),
      event('b', { skewed: false }),
      event('c', { skewed: true, time: ago(hourMs) }),
      event('d', { time: ago(40 * dayMs) }),
    ])
    const marks = gateway.reader
      .read(0, 9)
      .entries.map(({ id, record: { late, skewed } }) => [id, late, skewed])
    expect(marks).toEqual([['a', false, true], ['b', false, false], ['c', true, true], ['d', false, true]]) // biome-ignore format: a table
    expect(gateway.tally('d1')).toMatchObject({ received: 4, skewed: 3, late: 1, ignored: 0 })
  })

  test('is answered with the device that it is about', async () => {
    const { client, told } = await startCentre()
    await say(client, 1, topicOf('d1', 'event'), event('a', { type: 'unlock' }))
    await eventually(() =>
      expect(told()[1]).toMatchObject({ code: 'EVENT_TYPE_UNKNOWN', id: 'a', device: 'd1' }),
    )
    await say(client, 2, topicOf('d1', 'event'), event('b', { phone: '13800138000' }))
    await eventually(() => expect(told()[2]).toMatchObject({ code: 'EVENT_PERSONAL_MEMBER', device: 'd1' }))
  })

  test('as a status counts once however often it comes, and at the time that it says', async () => {
    const { gateway, client } = await startCentre()
    const time = ago(20 * minuteMs)
    for (const n of [1, 2, 3])
      await say(client, n, topicOf('d1', 'status'), { state: 'offline', firmware: '1', id: 'x.1', time })
    await say(client, 4, topicOf('d1', 'status'), { state: 'online', id: 'x.2', time: ago(0) })
    expect(gateway.stored('d1')).toEqual([
      { id: '#status/edge-1/x.1', kind: 'status', data: { state: 'offline', firmware: '1' } },
      { id: '#status/edge-1/x.2', kind: 'status', data: { state: 'online' } },
    ])
    const [first] = gateway.reader.read(0, 9).entries
    expect(first!.record).toMatchObject({ at: Date.parse(time), late: true })
    expect(gateway.tally('d1')).toMatchObject({ received: 4, stored: 2, duplicate: 2 })
  })

  test.each([
    { state: 'online' },
    { state: 'online', id: 'x' },
    { state: 'online', id: '13800138000', time: ago(0) },
    { state: 'online', id: 'x', time: 'yesterday' },
    { state: 'asleep', id: 'x', time: ago(0) },
  ])('as a status %j is parked', async payload => {
    const { gateway, client } = await startCentre()
    await say(client, 1, topicOf('d1', 'status'), payload)
    expect(gateway.reader.parked(9)).toMatchObject([{ device: 'd1', code: 'STATUS_INVALID' }])
  })

  test('as a picture is marked as redacted', async () => {
    const { gateway, client } = await startCentre()
    await say(client, 1, topicOf('d1', 'snapshot/a'), jpeg(900))
    expect(gateway.stored('d1')).toEqual([
      { id: '#snapshot/a', kind: 'snapshot', data: { bytes: 900, redacted: true } },
    ])
    expect(await gateway.waitingRoom.get('d1', 'a')).toEqual(jpeg(900))
  })
})

describe('sightings', () => {
  const sighting = (id: string, change: object = {}) => ({
    id, time: ago(0), data: { outcome: 'seen', model: 'nanodet-g', person: 2, boxes: [], ...change },
  }) // biome-ignore format: one sighting

  test('are stored once, with nothing that is not in the contract', async () => {
    const { gateway, client } = await startCentre()
    const box = { kind: 'person', score: 0.9, left: 1, top: 2, right: 3, bottom: 4, name: 'Zhang' }
    const boxed = sighting('a', { owner: 'Zhang', boxes: [box] })
    await say(client, 1, topicOf('d1', 'sighting'), [boxed, sighting('b')])
    await say(client, 2, topicOf('d1', 'sighting'), boxed)
    expect(gateway.stored('d1').map(({ id, kind }) => [id, kind])).toEqual([
      ['#sighting/a', 'sighting'],
      ['#sighting/b', 'sighting'],
    ])
    expect(gateway.stored('d1')[0]!.data).toMatchObject({ person: 2, boxes: [{ kind: 'person', right: 3 }] })
    expect(JSON.stringify(gateway.stored('d1'))).not.toContain('Zhang')
    expect(gateway.tally('d1', 'snapshot')).toMatchObject({ received: 0, stored: 0, sighted: 2 })
  })

  test('that are bad are parked one by one, and the good ones are stored', async () => {
    const { gateway, client, told } = await startCentre()
    await say(client, 1, topicOf('d1', 'sighting'), [
      sighting('a'),
      sighting('b', { person: -1 }),
      sighting('13800138000'),
      sighting('c', { model: 'x13800138000' }),
      { ...sighting('d'), time: 'yesterday' },
      null,
    ])
    await say(client, 2, topicOf('d1', 'sighting'), 'x')
    await say(client, 3, topicOf('d1', 'sighting'), [])
    expect(gateway.stored('d1').map(({ id }) => id)).toEqual(['#sighting/a'])
    expect(gateway.tally('d1', 'snapshot')).toMatchObject({ received: 7, parked: 7, sighted: 1 })
    expect(gateway.reader.parked(9).map(({ code, id }) => [code, id])).toEqual([
      ['EVENT_BATCH_TOO_LONG', undefined],
      ['EVENT_MALFORMED', undefined],
      ['SIGHTING_INVALID', undefined],
      ['SIGHTING_INVALID', 'd'],
      ['SIGHTING_INVALID', 'c'],
      ['SIGHTING_INVALID', undefined],
      ['SIGHTING_INVALID', 'b'],
    ])
    await eventually(() => expect(told()).toHaveLength(8))
    expect(withoutMoments([gateway.reader.parked(9), told()])).not.toMatch(/138|x\d/)
  })

  test('that the journal refuses are not acked, and the counts add up', async () => {
    const journal = createHeldJournal(systemClock)
    const { gateway, client } = await startCentre({ journal })
    journal.failWith(new LintelError('JOURNAL_FULL', 'full'))
    client.send(publish(topicOf('d1', 'sighting'), [sighting('a'), sighting('b', { person: -1 })], 1))
    await client.ended()
    expect(client.acks()).toEqual([])
    expect(gateway.tally('d1', 'snapshot')).toMatchObject({ received: 2, refused: 2, sighted: 0 })
  })
})
