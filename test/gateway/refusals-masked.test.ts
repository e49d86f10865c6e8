import { describe, expect, test } from 'vitest'
import { printable, shapeOf, shownTopic } from '../../gateway/broker/printable.ts'
import { eventually } from '../support/eventually.ts'
import { row, startGateway } from '../support/gateway.ts'
import { publish } from '../support/messages.ts'
import { connectDevice, connectPacket, tryConnect } from '../support/raw-client.ts'

const needles = [
  '王小明', 'zhang_xiaoming_qx', '138-2222-9999', '13822229999', '粤B8Q888Z', 'E12345678', '11010519491231002X',
  '110105.19491231.002X', 'Zhang Wei 1990', 'ＷａｎｇＷｅｉ',
] // biome-ignore format: a list
const account = row('edge-1', { kind: 'gateway', site: 's' })

describe('what a stranger says is not written down', () => {
  test.each(needles)('as a client id or a will: %s', async needle => {
    const gateway = await startGateway()
    const will = { topic: needle, payload: Buffer.from(needle), qos: 1, retain: false } as const
    await tryConnect(gateway.port, connectPacket(needle, needle))
    await tryConnect(gateway.port, connectPacket(needle, needle, { username: 'd1' }))
    await tryConnect(gateway.port, connectPacket('d1', needle, { username: needle }))
    await tryConnect(gateway.port, connectPacket(needle, 'x', { will }))
    await tryConnect(gateway.port, connectPacket('d1', gateway.tokenOf('d1'), { will }))
    await eventually(() => expect(gateway.refusals).toHaveLength(5))
    const all = JSON.stringify(gateway.refusals)
    expect(all).not.toContain(needle)
    expect(all).not.toContain('13822229999')
    expect(all).toContain('characters: ')
  })

  test.each(needles)('in a topic of a device or of a gateway: %s', async needle => {
    const gateway = await startGateway({ devices: ['d1', 'd2', account] })
    const topics = [
      needle,
      `lintel/v1/${needle}/event`,
      `lintel/v1/d2/snapshot/${needle}`,
      `lintel/v1/${needle}/${needle}/${needle}`,
    ]
    for (const topic of [...topics, `lintel/v1/d1/${needle}`, `lintel/v1/d1/event/${needle}`]) {
      const client = await connectDevice(gateway, 'd1')
      client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] })
      await client.next('suback')
      client.send(publish(topic, needle, 2))
      await client.ended()
    }
    for (const topic of topics.filter(topic => !topic.startsWith('lintel/v1/d2'))) {
      const client = await connectDevice(gateway, 'edge-1')
      client.send(publish(topic, needle, 2))
      await client.ended()
    }
    const all = JSON.stringify(gateway.refusals)
    expect(gateway.refusals.length).toBe(15)
    expect(all).not.toContain(needle)
    expect(all).toContain('lintel/v1/d2/snapshot/')
  })

  test.each(needles)('in a place that a gateway says, as what is parked: %s', async needle => {
    const gateway = await startGateway({ devices: [account] })
    const client = await connectDevice(gateway, 'edge-1')
    const place = { kind: 'terminal', site: 's', building: 'b', point: 'p', zone: 'UTC' }
    const said = [{ zone: needle }, { kind: needle }, { household: needle }, { [needle]: 1, building: '' }]
    for (const [index, change] of said.entries()) {
      client.send(publish(`lintel/v1/g${index}/place`, { ...place, ...change }, index + 1))
      await client.next('puback')
    }
    expect(gateway.reader.parked(9)).toHaveLength(said.length)
    expect(JSON.stringify([gateway.reader.parked(9), gateway.registry.list()])).not.toContain(needle)
  })

  const refused = ['13822229999', '138-2222-9999', '138222299991', '110105194912310021']
  test.each(refused)('nor enrolled, as the id of a device of a gateway: %s', async needle => {
    const gateway = await startGateway({ devices: [account] })
    const client = await connectDevice(gateway, 'edge-1')
    const place = { kind: 'terminal', site: 's', building: 'b', point: 'p', zone: 'UTC' }
    client.send(publish(`lintel/v1/${needle}/place`, place, 1))
    client.send(publish('lintel/v1/g1/place', { ...place, building: needle }, 2))
    client.send(publish('lintel/v1/g1/place', { ...place, point: '粤B·8Q888' }, 3))
    await eventually(() => expect(client.acks()).toHaveLength(3))
    expect(gateway.registry.list().map(({ device }) => device)).toEqual(['edge-1'])
    expect(JSON.stringify([gateway.reader.parked(9), gateway.refusals])).not.toMatch(
      /\d{4}-?9999|99991|1949|8Q888/,
    )
    expect(gateway.reader.parked(9).map(({ code }) => code)).toEqual(Array(3).fill('PLACE_INVALID'))
  })
})

describe('what is shown of a stranger', () => {
  test('is its length and its shape', () => {
    expect(shapeOf('door-Nanshe-12')).toBe('<14 characters: aaaa-Aaaaaa-00>')
    expect(shapeOf('王小明7')).toBe('<4 characters: 字字字0>')
    expect(shapeOf('\u0000\u202e\u{1f600}')).toBe('<3 characters: ???>')
    expect(shapeOf('x'.repeat(60_000))).toBe(`<60000 characters: ${'a'.repeat(32)}…>`)
  })

  test('is of a topic what is ours', () => {
    const isEnrolled = (device: string) => device === 'd2'
    expect(shownTopic('lintel/v1/d2/event', isEnrolled)).toBe('lintel/v1/d2/event')
    expect(shownTopic('lintel/v1/d3/snapshot/a-1', isEnrolled)).toBe(
      'lintel/v1/<2 characters: a0>/snapshot/<3 characters: a-0>',
    )
    expect(shownTopic('lintel/v2/d2', isEnrolled)).toBe('<12 characters: aaaaaa/a0/a0>')
  })

  test('is whole characters, and no half of a number', () => {
    expect(printable(`${'x'.repeat(199)}😀`)).toBe('x'.repeat(199))
    expect(printable(`${'y'.repeat(193)}13876543210`)).not.toMatch(/1387/)
    expect(printable(`${'y'.repeat(795)}13876543210`)).not.toMatch(/138/)
    expect(printable(`\ud83d alone`)).toBe('\\ud83d alone')
  })
})
