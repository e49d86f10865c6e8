import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { NewEvent } from '../../devices/client/client.ts'
import {
  createDeviceClient,
  type DeviceClient,
  type DeviceClientOptions,
} from '../../devices/client/client.ts'
import { type Command, parseCommand } from '../../devices/client/command.ts'
import type { ConnectionState } from '../../devices/client/connection.ts'
import {
  type BareBroker,
  type BareBrokerOptions,
  eventsIn,
  eventually,
  startBareBroker,
} from './client-broker.ts'

const open: { close(): Promise<unknown> }[] = []
const directories: string[] = []
afterEach(async () => {
  for (const { close } of open.splice(0).reverse()) await close()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

async function startBroker(options?: BareBrokerOptions): Promise<BareBroker> {
  const broker = await startBareBroker(options)
  open.push({ close: () => broker.kill().catch(() => {}) })
  return broker
}

const quick = { firstMs: 5, maxMs: 20 }

function startClient(url: string, options: Partial<DeviceClientOptions> = {}): DeviceClient {
  const client = createDeviceClient({
    url, device: 'd1', token: 'secret', backoff: quick, refusedBackoff: quick, ackTimeoutMs: 150, random: () => 0.5,
    ...options,
  }) // biome-ignore format: a list of options
  open.push(client)
  return client
}

const passage: NewEvent = { type: 'passage', data: { direction: 'in', result: 'granted', method: 'card' } }
const isEvent = ({ topic }: { topic: string }) => topic === 'lintel/v1/d1/event'
const idsIn = (packets: BareBroker['acked']) =>
  packets
    .filter(isEvent)
    .flatMap(eventsIn)
    .map(({ id }) => id)
const firstOfEach = (ids: string[]) => [...new Set(ids)]

async function publishMany(client: DeviceClient, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < count; i++) ids.push(await client.publish(passage))
  return ids
}

describe('a device client', () => {
  test('publishes events in their order, each with an id of its own, and forgets them', async () => {
    const broker = await startBroker()
    const client = startClient(broker.url)
    const ids = await publishMany(client, 100)
    await client.drained()
    expect(idsIn(broker.seen)).toEqual(ids)
    expect(new Set(ids).size).toBe(100)
    expect(ids[0]).toMatch(/^[0-9a-f]{12}-1$/)
    expect(client.counters()).toMatchObject({ queued: 0, queuedBytes: 0, inFlight: 0, acked: 100, resent: 0 })
  })

  test('keeps the id and the time that the event came with', async () => {
    const broker = await startBroker()
    const client = startClient(broker.url)
    expect(await client.publish({ ...passage, id: 'mine', time: '2026-11-21T08:30:00+08:00' })).toBe('mine')
    await client.drained()
    expect(eventsIn(broker.seen.find(isEvent)!)).toEqual([
      { ...passage, id: 'mine', time: '2026-11-21T08:30:00+08:00' },
    ])
  })

  test('gives an event without a time the time of the call', async () => {
    const broker = await startBroker()
    const client = startClient(broker.url, { clock: () => Date.UTC(2026, 10, 21) })
    await client.publish(passage)
    await client.drained()
    expect(eventsIn(broker.seen.find(isEvent)!)[0]!.time).toBe('2026-11-21T00:00:00.000Z')
  })

  test('sends events that wait together in arrays, and snapshots between them in their place', async () => {
    const broker = await startBroker()
    const client = startClient(broker.url, { batch: 4, window: 1 })
    const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0, 1, 0xff, 0xd9])
    const ids = await publishMany(client, 6)
    await client.snapshot(ids[5]!, jpeg)
    ids.push(...(await publishMany(client, 3)))
    await client.drained()
    const up = broker.seen.filter(({ topic }) => !topic.endsWith('/status'))
    expect(up.map(packet => (isEvent(packet) ? eventsIn(packet).length : packet.topic))).toEqual([
      4, 2, `lintel/v1/d1/snapshot/${ids[5]}`, 3,
    ]) // biome-ignore format: one line
    expect(up[2]!.payload.equals(jpeg)).toBe(true)
    expect(idsIn(up)).toEqual(ids)
  })

  test('never has more messages on their way than its window', async () => {
    const broker = await startBroker({ answer: ({ topic }) => (topic.endsWith('/event') ? 'never' : 'ack') })
    const client = startClient(broker.url, { window: 3, ackTimeoutMs: 60_000, after: fasterBy(20) })
    await publishMany(client, 10)
    await eventually(() => broker.seen.filter(isEvent).length === 3)
    await new Promise(resolve => setTimeout(resolve, 30))
    expect(broker.seen.filter(isEvent)).toHaveLength(3)
    expect(client.counters()).toMatchObject({ queued: 10, inFlight: 3 })
  })

  const refusedCalls = [
    { title: 'an id that breaks the contract', call: (c: DeviceClient) => c.publish({ ...passage, id: 'no spaces' }), code: 'EVENT_ID_INVALID' },
    { title: 'an event that is too large', call: (c: DeviceClient) => c.publish({ ...passage, data: { ...passage.data, more: 'x'.repeat(70_000) } } as never), code: 'EVENT_INVALID' },
    { title: 'an empty snapshot', call: (c: DeviceClient) => c.snapshot('a', Buffer.alloc(0)), code: 'SNAPSHOT_EMPTY' },
    { title: 'a snapshot that is no JPEG', call: (c: DeviceClient) => c.snapshot('a', Buffer.from('P')), code: 'SNAPSHOT_NOT_JPEG' },
    { title: 'a snapshot that is too large', call: (c: DeviceClient) => c.snapshot('a', Buffer.alloc(2 ** 20 + 1, 0xff)), code: 'SNAPSHOT_TOO_LARGE' },
  ] // biome-ignore format: a table
  for (const { title, call, code } of refusedCalls) {
    test(`refuses ${title} before it is in the outbox`, async () => {
      const broker = await startBroker()
      const client = startClient(broker.url)
      await expect(call(client)).rejects.toMatchObject({ code })
      expect(client.counters().queued).toBe(0)
    })
  }

  test('says so when its outbox is full', async () => {
    const client = startClient('mqtt://127.0.0.1:1', { limits: { records: 3, bytes: 10_000 } })
    await publishMany(client, 3)
    await expect(client.publish(passage)).rejects.toMatchObject({ code: 'OUTBOX_FULL' })
    expect(client.counters()).toMatchObject({ queued: 3, refusedEvents: 1 })
  })
})

describe('nothing is lost, and the order and the ids hold,', () => {
  test('when the broker does not acknowledge the first time', async () => {
    const once = new Set<string>()
    const broker = await startBroker({
      answer(packet, index) {
        if (!isEvent(packet)) return 'ack'
        const id = eventsIn(packet)[0]!.id
        if (once.has(id) || index % 3 !== 0) return 'ack'
        once.add(id)
        return 'never'
      },
    })
    const client = startClient(broker.url, { window: 8, ackTimeoutMs: 40 })
    const ids = await publishMany(client, 60)
    await client.drained()
    expect(firstOfEach(idsIn(broker.seen))).toEqual(ids)
    expect(new Set(idsIn(broker.acked))).toEqual(new Set(ids))
    expect(client.counters().resent).toBeGreaterThan(0)
    expect(sameBytes(broker)).toBe(true)
  })

  test('when the broker is killed and comes back on the same port', async () => {
    const first = await startBroker()
    const client = startClient(first.url, { window: 4 })
    const ids = await publishMany(client, 50)
    await eventually(() => first.acked.filter(isEvent).length > 10)
    await first.kill()
    ids.push(...(await publishMany(client, 50)))
    const second = await startBroker({ port: first.port })
    await client.drained()
    expect(firstOfEach([...idsIn(first.acked), ...idsIn(second.acked)])).toEqual(ids)
    expect(client.counters().connects).toBeGreaterThanOrEqual(2)
  })

  test('when the connection is cut with messages on their way, again and again', async () => {
    let cuts = 0
    const broker = await startBroker({
      answer: packet => (isEvent(packet) && packet.payload.length % 7 === 0 && cuts++ < 5 ? 'cut' : 'ack'),
    })
    const client = startClient(broker.url)
    const ids: string[] = []
    for (let i = 0; i < 200; i++)
      ids.push(await client.publish({ ...passage, id: `${'x'.repeat(i % 11)}-${i}` }))
    await client.drained()
    // What was parsed already when the connection broke is still acknowledged by this broker.
    expect(firstOfEach(idsIn(broker.seen))).toEqual(ids)
    expect(new Set(idsIn(broker.acked))).toEqual(new Set(ids))
    expect(cuts).toBeGreaterThanOrEqual(5)
    expect(client.counters().resent).toBeGreaterThan(0)
    expect(sameBytes(broker)).toBe(true)
  })

  test('when the device restarts with a full outbox', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lintel-client-'))
    directories.push(directory)
    const before = startClient('mqtt://127.0.0.1:1', { directory })
    const ids = await publishMany(before, 20)
    await before.close()
    const broker = await startBroker()
    const after = startClient(broker.url, { directory, batch: 5 })
    ids.push(...(await publishMany(after, 2)))
    await after.drained()
    expect(idsIn(broker.acked)).toEqual(ids)
  })

  test('when the device is killed again and again', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lintel-client-'))
    directories.push(directory)
    const broker = await startBroker()
    const promised: string[] = []
    for (let round = 0; round < 5; round++)
      promised.push(...(await publishUntilKilled(broker.url, directory)))
    const client = startClient(broker.url, { directory })
    await client.drained()
    const arrived = new Set(idsIn(broker.acked))
    expect(promised.length).toBeGreaterThan(50)
    expect(promised.filter(id => !arrived.has(id))).toEqual([])
    expect(sameBytes(broker)).toBe(true)
  }, 30_000)

  test('when the outbox is on disk and the connection is cut at random', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lintel-client-'))
    directories.push(directory)
    const broker = await startBroker()
    const client = startClient(broker.url, { directory, batch: 3 })
    const cutting = setInterval(() => broker.cutAll(), 17)
    const ids = await publishMany(client, 150)
    clearInterval(cutting)
    await client.drained()
    expect(firstOfEach(idsIn(broker.acked))).toEqual(ids)
  })
})

describe('the status of a device client', () => {
  const statuses = (broker: BareBroker) =>
    broker.seen
      .filter(({ topic }) => topic.endsWith('/status'))
      .map(({ payload, retain }) => [JSON.parse(payload.toString()), retain])

  test('is online after connecting and offline after closing, retained', async () => {
    const broker = await startBroker()
    const client = startClient(broker.url, { firmware: '1.2.3' })
    await eventually(() => statuses(broker).length === 1)
    await client.close()
    await eventually(() => broker.connections() === 0)
    expect(statuses(broker)).toEqual([
      [{ state: 'online', firmware: '1.2.3' }, true],
      [{ state: 'offline', firmware: '1.2.3' }, true],
    ])
  })

  test('is said by the broker when the device goes without goodbye', async () => {
    const broker = await startBroker()
    const client = startClient(broker.url)
    await eventually(() => statuses(broker).length === 1)
    await client.close({ goodbye: false })
    await eventually(() => statuses(broker).length === 2)
    expect(statuses(broker)[1]).toEqual([{ state: 'offline' }, true])
  })

  test('does not keep a client from closing when the broker is silent', async () => {
    const broker = await startBroker({ answer: () => 'never' })
    const client = startClient(broker.url, { ackTimeoutMs: 60_000, after: fasterBy(50) })
    await publishMany(client, 3)
    await eventually(() => broker.seen.filter(isEvent).length === 3)
    await client.close()
    expect(client.connected()).toBe(false)
  })
})

describe('a client that cannot connect', () => {
  test('waits longer from time to time, with jitter, and begins small again after a PUBACK', async () => {
    const waits: number[] = []
    const after = (ms: number, call: () => void) => {
      waits.push(ms)
      const timer = setTimeout(call, 1)
      return () => clearTimeout(timer)
    }
    const states: ConnectionState[] = []
    const client = startClient('mqtt://127.0.0.1:1', {
      backoff: { firstMs: 1000, maxMs: 8000 }, after, onState: state => states.push(state),
    }) // biome-ignore format: a list of options
    await eventually(() => states.length >= 6)
    expect(waits.slice(0, 6)).toEqual([750, 1500, 3000, 6000, 6000, 6000])
    expect(states[0]).toMatchObject({
      state: 'offline',
      retryInMs: 750,
      reason: expect.stringContaining('ECONNREFUSED'),
    })
    await client.close()
  })

  test('backs off much longer after a refusal, says so, and comes back when it is let in', async () => {
    let let_in = false
    const broker = await startBroker({ returnCode: () => (let_in ? 0 : 5) })
    const states: ConnectionState[] = []
    const after = (_ms: number, call: () => void) => {
      const timer = setTimeout(call, 5)
      return () => clearTimeout(timer)
    }
    const client = startClient(broker.url, {
      backoff: { firstMs: 1, maxMs: 2 }, refusedBackoff: { firstMs: 300_000, maxMs: 3_600_000 }, after,
      onState: state => states.push(state), ackTimeoutMs: 60_000,
    }) // biome-ignore format: a list of options
    const ids = await publishMany(client, 3)
    await eventually(() => states.length >= 2)
    expect(states.slice(0, 2)).toMatchObject([
      { state: 'refused', returnCode: 5, retryInMs: 225_000 },
      { state: 'refused', returnCode: 5, retryInMs: 450_000 },
    ])
    expect(client.counters().refusedConnects).toBeGreaterThanOrEqual(2)
    let_in = true
    await eventually(() => client.counters().queued === 0)
    expect(idsIn(broker.acked)).toEqual(ids)
  })

  test('can be closed', async () => {
    const client = startClient('mqtt://127.0.0.1:1')
    await publishMany(client, 1)
    const drained = client.drained()
    await Promise.all([expect(drained).rejects.toThrow(/closed/), client.close()])
    await client.close()
    await expect(client.publish(passage)).rejects.toThrow(/closed/)
  })
})

describe('commands', () => {
  test('arrive parsed, refusals are counted, and nonsense is ignored', async () => {
    const broker = await startBroker()
    const commands: Command[] = []
    const client = startClient(broker.url, { onCommand: command => commands.push(command) })
    await publishMany(client, 1)
    await client.drained()
    broker.say('lintel/v1/d1/command', { type: 'time', now: 1_800_000_000_000 })
    broker.say('lintel/v1/d1/command', 'nonsense')
    broker.say('lintel/v1/other/command', { type: 'time', now: 1 })
    broker.say('lintel/v1/d1/command', { type: 'refusal', code: 'EVENT_INVALID', reason: '/data', id: 'a' })
    await eventually(() => commands.length === 2)
    expect(commands).toEqual([
      { type: 'time', now: 1_800_000_000_000 },
      { type: 'refusal', code: 'EVENT_INVALID', reason: '/data', id: 'a' },
    ])
    expect(client.counters().refusals).toBe(1)
  })

  const cases = [
    { text: '{"type":"time","now":"2026-11-21T08:30:00+08:00"}', command: { type: 'time', now: Date.UTC(2026, 10, 21, 0, 30) } },
    { text: '{"type":"time","now":"soon"}', command: undefined },
    { text: '{"type":"refusal","code":"A_B"}', command: { type: 'refusal', code: 'A_B', reason: '' } },
    { text: '{"type":"notice","code":"A_B","members":["x",1]}', command: { type: 'notice', code: 'A_B', members: ['x'] } },
    { text: '{"type":"notice"}', command: undefined },
    { text: '{"type":"reboot"}', command: undefined },
    { text: 'null', command: undefined },
    { text: '{', command: undefined },
  ] // biome-ignore format: a table
  for (const { text, command } of cases) {
    test(`${text} is read as ${command === undefined ? 'nothing' : 'a command'}`, () => {
      expect(parseCommand(Buffer.from(text))).toEqual(command)
    })
  }
})

/** A device in a process of its own, which is killed with SIGKILL while it publishes; the ids it was promised. */
async function publishUntilKilled(url: string, directory: string): Promise<string[]> {
  const module = new URL('../../devices/client/client.ts', import.meta.url).href
  const script = `
    import { writeSync } from 'node:fs'
    import { createDeviceClient } from '${module}'
    const client = createDeviceClient(${JSON.stringify({ url, device: 'd1', token: 'secret', directory })})
    for (;;) {
      const event = () => client.publish(${JSON.stringify(passage)})
      for (const id of await Promise.all([event(), event()])) writeSync(1, id + '\\n')
      await new Promise(resolve => setTimeout(resolve, 2))
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', chunk => {
    if (text === '') setTimeout(() => child.kill('SIGKILL'), 150)
    text += chunk
  })
  await once(child, 'close')
  return text.split('\n').slice(0, -1)
}

/** Whether every event that was sent again had the same bytes. */
function sameBytes(broker: BareBroker): boolean {
  const first = new Map<string, string>()
  return broker.seen
    .filter(isEvent)
    .flatMap(eventsIn)
    .every(event => {
      const text = JSON.stringify(event)
      const before = first.get(event.id) ?? text
      first.set(event.id, before)
      return before === text
    })
}

/** Timers that run `factor` times as fast, so that a test waits out a time-out without sleeping through it. */
function fasterBy(factor: number): NonNullable<DeviceClientOptions['after']> {
  return (ms, call) => {
    const timer = setTimeout(call, ms / factor)
    return () => clearTimeout(timer)
  }
}
