import fc from 'fast-check'
import mqttPacket, { type Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { event, jpeg, publish } from '../support/messages.ts'
import { connectDevice, connectPacket, RawClient } from '../support/raw-client.ts'

/** What a device says in its life, in one piece. */
function conversation(gateway: Gateway): Buffer {
  const packets: Packet[] = [
    connectPacket('d1', gateway.tokenOf('d1'), {
      will: { topic: 'lintel/v1/d1/status', payload: Buffer.from('{}'), qos: 1, retain: true },
    }),
    { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'lintel/v1/d1/command', qos: 1 }] },
    publish('lintel/v1/d1/event', event('a'), 2),
    publish('lintel/v1/d1/event', [event('b'), event('c')], 3, { qos: 2 }),
    { cmd: 'pubrel', messageId: 3 },
    publish('lintel/v1/d1/snapshot/a', jpeg(60), 4),
    publish('lintel/v1/d1/status', { state: 'online' }, 5, { qos: 0 }),
    { cmd: 'unsubscribe', messageId: 6, unsubscriptions: ['lintel/v1/d1/command'] },
    { cmd: 'pingreq' },
  ]
  return Buffer.concat(packets.map(packet => mqttPacket.generate(packet)))
}

/** Where bytes are overwritten, where some are missing, and how the rest is cut into writes. */
const mutations = fc.record({
  changed: fc.array(fc.tuple(fc.nat(1200), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
  missing: fc.option(fc.tuple(fc.nat(1200), fc.integer({ min: 1, max: 20 })), { nil: undefined }),
  cuts: fc.array(fc.nat(1200), { maxLength: 3 }),
  resets: fc.boolean(),
})

test('no bytes, however mangled, end the process, disturb another device or leave anything behind', async () => {
  const gateway = await startGateway()
  const bystander = await connectDevice(gateway, 'd2')
  const whole = conversation(gateway)
  await fc.assert(
    fc.asyncProperty(mutations, async ({ changed, missing, cuts, resets }) => {
      let bytes = Buffer.from(whole)
      for (const [at, value] of changed) bytes[at % bytes.length] = value
      if (missing) {
        const at = missing[0] % bytes.length
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + missing[1])])
      }
      const client = await RawClient.open(gateway.port)
      const edges = [0, ...cuts.map(cut => cut % bytes.length).toSorted((a, b) => a - b), bytes.length]
      for (let i = 1; i < edges.length; i++) {
        client.socket.write(bytes.subarray(edges[i - 1], edges[i]))
        await new Promise(resolve => setImmediate(resolve))
      }
      await bystander.ping()
      if (resets) client.socket.resetAndDestroy()
      else client.socket.end()
      await client.ended()
    }),
    { numRuns: 500 },
  )
  await eventually(() =>
    expect(gateway.broker.stats()).toMatchObject({ connected: 1, inFlight: 0, inFlightBytes: 0 }),
  )
  expect(gateway.stored('d2')).toEqual([])
  const healthy = await connectDevice(gateway, 'd1')
  healthy.send(publish('lintel/v1/d1/event', event('after')))
  await healthy.next('puback')
})
