import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { jpeg, publish } from '../support/messages.ts'
import { connectDevice } from '../support/raw-client.ts'

describe('a snapshot', () => {
  const parked = [
    ['of no bytes', 'a', Buffer.alloc(0), 'SNAPSHOT_EMPTY', 'a'],
    ['that is text', 'a', Buffer.from('not a picture'), 'SNAPSHOT_NOT_JPEG', 'a'],
    ['that is a PNG', 'a', Buffer.from('89504e470d0a1a0a0000', 'hex'), 'SNAPSHOT_NOT_JPEG', 'a'],
    ['that is cut in its header', 'a', Buffer.from([0xff, 0xd8, 0xff]), 'SNAPSHOT_NOT_JPEG', 'a'],
    ['of no event', '', jpeg(), 'EVENT_ID_INVALID', undefined],
    ['of an event with a slash', 'a/b', jpeg(), 'EVENT_ID_INVALID', undefined],
    ['of an event that is a way out of the directory', '../../a', jpeg(), 'EVENT_ID_INVALID', undefined],
    ['of an event of 65 characters', 'x'.repeat(65), jpeg(), 'EVENT_ID_INVALID', undefined],
    ['of an event that is a person’s number', '13800138000', jpeg(), 'EVENT_ID_INVALID', undefined],
    ['of an event in Chinese', '张三', jpeg(), 'EVENT_ID_INVALID', undefined],
  ] as const
  test.each(parked)(
    '%s is parked, acked and told of, and no byte of it is kept',
    async (_, name, bytes, code, id) => {
      const gateway = await startGateway()
      const client = await connectDevice(gateway, 'd1')
      client.send({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [{ topic: 'lintel/v1/d1/command', qos: 1 }],
      })
      await client.next('publish')
      client.send(publish(`lintel/v1/d1/snapshot/${name}`, bytes, 2))
      await eventually(() => expect(client.acks()).toEqual([2]))
      const [item, ...others] = gateway.reader.parked(9)
      expect(others).toEqual([])
      expect(item).toMatchObject({ device: 'd1', lane: 'snapshot', code, bytes: bytes.length })
      expect(item?.id).toBe(id)
      expect(item?.reason).not.toMatch(/138|张|\.\./)
      expect(gateway.waitingRoom.stats().pictures).toBe(0)
      const { payload } = await client.next('publish')
      expect(JSON.parse(payload.toString())).toEqual({
        type: 'refusal',
        code,
        reason: item?.reason,
        ...(id && { id }),
      })
    },
  )

  test('is kept as it came, once, however often it is sent', async () => {
    const gateway = await startGateway()
    const client = await connectDevice(gateway, 'd1')
    const picture = jpeg(50_000)
    client.send(...[1, 2, 3].map(n => publish('lintel/v1/d1/snapshot/a', picture, n)))
    await eventually(() => expect(client.acks().toSorted()).toEqual([1, 2, 3]))
    expect(gateway.stored('d1')).toEqual([{ id: '#snapshot/a', kind: 'snapshot', data: { bytes: 50_000 } }])
    expect(gateway.tally('d1', 'snapshot')).toMatchObject({ received: 3, stored: 1, duplicate: 2 })
    expect(await gateway.waitingRoom.get('d1', 'a')).toEqual(picture)
    expect(gateway.waitingRoom.stats()).toMatchObject({ pictures: 1, bytes: 50_000 })
  })

  test('makes room for itself by the oldest where the waiting room is full, and is acked', async () => {
    const gateway = await startGateway({ maxWaitingBytes: 5000 })
    const client = await connectDevice(gateway, 'd1')
    for (let n = 1; n <= 8; n++) {
      client.send(publish(`lintel/v1/d1/snapshot/n${n}`, jpeg(2000), n))
      await eventually(() => expect(client.acks()).toHaveLength(n))
    }
    expect(gateway.waitingRoom.stats()).toEqual({ pictures: 2, bytes: 4000, evicted: 6, expired: 0 })
    expect(await gateway.waitingRoom.get('d1', 'n8')).toBeDefined()
  })
})
