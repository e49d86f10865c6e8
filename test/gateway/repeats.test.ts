import { expect, test } from 'vitest'
import { Repeats } from '../../gateway/admit/repeats.ts'
import { row, startGateway } from '../support/gateway.ts'
import { event, publish } from '../support/messages.ts'
import { connectDevice } from '../support/raw-client.ts'
import { item, parkedItem, passage, someMoment } from '../support/records.ts'

const said = (id: string, seconds: number, data: Parameters<typeof passage>[0] = {}) =>
  item(id, passage({ at: someMoment + seconds * 1000, ...data }))
const idsOf = (items: ReturnType<Repeats['join']>) => items.map(one => ('id' in one ? one.id : 'parked'))

test('what says the same within the pause is the first again, and no more than the pause after that', () => {
  const repeats = new Repeats()
  const items = ['a', 'b', 'c', 'd'].map((id, n) => said(id, n * 2))
  expect(idsOf(repeats.join('d1', items, 3000))).toEqual(['a', 'a', 'c', 'c'])
  // In another message, and a little earlier by its time.
  expect(idsOf(repeats.join('d1', [said('e', 5), said('f', 60)], 3000))).toEqual(['c', 'f'])
})

test('what says something else, is of another device, or no passage at all counts', () => {
  const repeats = new Repeats()
  const denied = { data: { result: 'denied' } } as const
  const door = { ...passage(), kind: 'door', data: { state: 'open' } } as const
  const items = [said('a', 0), said('b', 0, denied), said('c', 0, { data: { method: 'face' } }), item('d', door), item('e', door), parkedItem()] // biome-ignore format: a list
  expect(idsOf(repeats.join('d1', items, 3000))).toEqual(['a', 'b', 'c', 'd', 'e', 'parked'])
  expect(idsOf(repeats.join('d2', [said('f', 0)], 3000))).toEqual(['f'])
})

test('a device with a pause has its double reports acked and counted as duplicates, from when it is set', async () => {
  const gateway = await startGateway()
  const client = await connectDevice(gateway, 'd1')
  const send = async (...ids: string[]) => {
    for (const [n, id] of ids.entries()) {
      client.send(publish('lintel/v1/d1/event', event(id), n + 1))
      await client.next('puback')
    }
  }
  await send('a', 'b')
  await gateway.registry.enrol([row('d1', { pauseS: 60 })], 0)
  gateway.broker.refresh()
  await send('c', 'd', 'e')
  expect(gateway.tally('d1')).toMatchObject({ received: 5, stored: 3, duplicate: 2 })
  expect(gateway.registry.get('d1')).toMatchObject({ pauseS: 60 })
  await gateway.registry.enrol([row('d1')], 0)
  expect(gateway.registry.get('d1')).toMatchObject({ pauseS: 60 })
  await gateway.registry.enrol([row('d1', { pauseS: 0 })], 0)
  expect(gateway.registry.get('d1')).not.toHaveProperty('pauseS')
  const [refused] = await gateway.registry.enrol([row('d1', { pauseS: 61 })], 0)
  expect(refused).toMatchObject({
    outcome: 'refused',
    reason: 'pauseS must be a whole number of seconds from 0 to 60',
  })
})
