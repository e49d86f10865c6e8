import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Gateway, row, startGateway } from '../support/gateway.ts'
import { event, publish } from '../support/messages.ts'
import { needsProgram } from '../support/programs.ts'
import { connectDevice } from '../support/raw-client.ts'

const screen = (change: object = {}) => row('screen', { kind: 'display', site: 'a', ...change })
const gateway = () =>
  startGateway({ devices: ['d1', screen({ sites: ['b'] }), row('g1', { kind: 'gateway' })] })

/** Subscribes; gives the QoS that was granted, or 128. */
async function subscribe(to: Gateway, device: string, topic: string) {
  const client = await connectDevice(to, device)
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] })
  const { granted } = (await client.next('suback')) as unknown as { granted: number[] }
  const shown = () =>
    client.received.flatMap(packet => (packet.cmd === 'publish' ? [packet.payload.toString()] : []))
  return { client, granted: granted[0], shown }
}

describe('a display', () => {
  test('is shown at once what is open at its site, and then what is new', async () => {
    const lintel = await gateway()
    await lintel.broker.publishAlert('a', '1')
    await lintel.broker.publishAlert('a', '2')
    const { granted, shown } = await subscribe(lintel, 'screen', 'lintel/v1/alerts/a')
    expect(granted).toBe(1)
    await eventually(() => expect(shown()).toEqual(['2']))
    await lintel.broker.publishAlert('a', '3')
    await eventually(() => expect(shown()).toEqual(['2', '3']))
  })

  const topics = [
    ['screen', 'lintel/v1/alerts/b', 1],
    ['screen', 'lintel/v1/screen/command', 1],
    ['screen', 'lintel/v1/alerts/c', 128],
    ['screen', 'lintel/v1/alerts/+', 128],
    ['screen', 'lintel/v1/alerts/#', 128],
    ['screen', 'lintel/v1/d1/command', 128],
    ['screen', 'lintel/v1/screen/event', 128],
    ['d1', 'lintel/v1/alerts/s', 128],
    ['g1', 'lintel/v1/alerts/s', 128],
  ] as const
  test.each(topics)('or another: %s subscribes to %s and is answered %i', async (device, topic, answer) => {
    const lintel = await gateway()
    expect((await subscribe(lintel, device, topic)).granted).toBe(answer)
  })

  test.each([
    'lintel/v1/screen/event',
    'lintel/v1/screen/status',
    'lintel/v1/alerts/a',
    'lintel/v1/d1/event',
  ])('publishes nothing to %s, and is in no book', async topic => {
    const lintel = await gateway()
    const { client } = await subscribe(lintel, 'screen', 'lintel/v1/alerts/a')
    client.send(publish(topic, event('a'), 2))
    await client.ended()
    expect(lintel.codes()).toEqual(['PUBLISH_TOPIC_FOREIGN'])
    expect(lintel.stored()).toEqual([])
    expect(lintel.tally('screen')).toBeUndefined()
    expect(lintel.tally('screen', 'snapshot')).toBeUndefined()
  })

  test('is disconnected when its sites change, and not when it is moved', async () => {
    const lintel = await gateway()
    const { client } = await subscribe(lintel, 'screen', 'lintel/v1/alerts/b')
    await lintel.registry.enrol([screen({ sites: ['b'], point: 'hall' })], 0)
    lintel.broker.refresh()
    await client.ping()
    await lintel.registry.enrol([screen({ sites: [] })], 0)
    lintel.broker.refresh()
    await client.ended()
    expect((await subscribe(lintel, 'screen', 'lintel/v1/alerts/b')).granted).toBe(128)
  })

  test('never becomes a device or a gateway by a slip in a list', async () => {
    const { registry } = await gateway()
    const answers = await registry.enrol(
      [row('screen'), row('d1', { kind: 'display' }), screen({ kind: 'gateway' })],
      0,
    )
    expect(answers.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'refused'])
  })

  test('is what mosquitto_sub can be', async context => {
    needsProgram(context, 'mosquitto_sub', 'apt-get install mosquitto-clients')
    const lintel = await gateway()
    await lintel.broker.publishAlert('a', '{"open":[]}')
    const token = lintel.tokenOf('screen')
    const child = spawn('mosquitto_sub', [
      ...['-h', '127.0.0.1', '-p', String(lintel.port), '-q', '1'],
      ...['-i', 'screen', '-u', 'screen', '-P', token, '-t', 'lintel/v1/alerts/a', '-v'],
    ])
    onTestFinished(() => void child.kill())
    const lines: string[] = []
    createInterface({ input: child.stdout }).on('line', line => lines.push(line))
    await eventually(() => expect(lines).toEqual(['lintel/v1/alerts/a {"open":[]}']))
    await lintel.broker.publishAlert('a', '{"open":[1]}')
    await eventually(() => expect(lines[1]).toBe('lintel/v1/alerts/a {"open":[1]}'))
  })
})

test('no device is called as topics of alerts begin', async () => {
  const { registry } = await gateway()
  expect(await registry.enrol([row('alerts')], 0)).toMatchObject([{ outcome: 'refused' }])
})
