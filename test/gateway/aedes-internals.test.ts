import type { Client } from 'aedes'
import mqtt from 'mqtt-packet'
import { expect, test } from 'vitest'
import { guardPackets, resumeReading } from '../../gateway/broker/aedes-internals.ts'
import { publish } from '../support/messages.ts'

test('a connection that is resumed again and again in the middle of a packet gathers nothing by it', () => {
  const parser = mqtt.parser() as ReturnType<typeof mqtt.parser> & { _list: { _bufs: Buffer[] } }
  const topics: string[] = []
  parser.on('packet', packet => topics.push((packet as { topic: string }).topic))
  const client = { _parser: parser, _paused: true, _parsingBatch: 0, _nextBatch() {} } as unknown as Client
  guardPackets(client, {
    isOpen: () => true,
    limitOf: () => 1e9,
    onTooLarge: () => new Error('too large'),
    onMalformed: () => new Error('malformed'),
    onOtherLevel() {},
  })
  const bytes = mqtt.generate(publish('t', Buffer.alloc(1000), 1))
  parser.parse(bytes.subarray(0, 500))
  for (let n = 0; n < 1000; n++) resumeReading(client)
  expect(parser._list._bufs.length).toBeLessThan(3)
  parser.parse(bytes.subarray(500))
  resumeReading(client)
  expect(topics).toEqual(['t'])
})
