import { describe, expect, onTestFinished, test } from 'vitest'
import { dataPaths, findEndpoint, prepareDataDirectory } from '../../core/data-directory.ts'
import { createControlServer } from '../../gateway/control/control-server.ts'
import type { GatewayControl } from '../../gateway/control/gateway-control.ts'
import { createLocalControl } from '../../gateway/control/local-control.ts'
import { createRemoteControl } from '../../gateway/control/remote-control.ts'
import type { Journal } from '../../gateway/journal/journal.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { event, passageData, publish } from '../support/messages.ts'
import { connectDevice, connectPacket, tryConnect } from '../support/raw-client.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function startDoors() {
  const gateway = await startGateway()
  const local = createLocalControl({
    broker: gateway.broker,
    journal: gateway.reader as unknown as Journal,
    reader: gateway.reader,
    registry: gateway.registry,
    refusals: () => gateway.refusals,
    metrics: async () => 'lintel_up 1\n',
    lag: () => ({ intake: 7 }),
  })
  const paths = dataPaths(await temporaryDirectory())
  prepareDataDirectory(paths)
  const faults: unknown[] = []
  const server = createControlServer(local, paths, error => faults.push(error))
  await server.start?.()
  onTestFinished(() => server.stop())
  const find = () => findEndpoint(paths, 'gateway')
  return { gateway, local, remote: createRemoteControl(find), find, server, faults }
}

/** Parks an event that the contract takes after all, with a member of its data masked. */
async function parkEvents(gateway: Gateway): Promise<number[]> {
  const client = await connectDevice(gateway, 'd1')
  client.send(publish('lintel/v1/d1/event', [event('a', { type: 'unlock' }), event('b', { data: 5 })]))
  await client.next('puback')
  return gateway.reader.parked(9).map(({ key }) => key)
}

describe.each(['local', 'remote'] as const)('the %s control of a gateway', which => {
  const start = async () => {
    const doors = await startDoors()
    return { ...doors, control: doors[which] as GatewayControl }
  }

  test('tells where devices connect, how many do, and what waits, and no address once the broker has closed', async () => {
    const { gateway, control } = await start()
    await connectDevice(gateway, 'd1')
    expect(await control.state()).toEqual({
      listening: { tcp: { host: '127.0.0.1', port: gateway.port } },
      connected: 1,
      lag: { intake: 7 },
    })
    await gateway.broker.stop()
    expect((await control.state()).listening).toEqual({})
  })

  test('tells who is connected', async () => {
    const { gateway, control } = await start()
    await connectDevice(gateway, 'd1')
    expect(await control.sessions()).toEqual([
      { device: 'd1', connectedAt: expect.any(Number), address: '127.0.0.1' },
    ])
  })

  test('tells what was refused, newest first', async () => {
    const { gateway, control } = await start()
    await tryConnect(gateway.port, connectPacket('d1', 'x'))
    await tryConnect(gateway.port, connectPacket('nobody', 'x'))
    expect((await control.refusals()).map(({ code }) => code)).toEqual([
      'CONNECT_DEVICE_UNKNOWN',
      'CONNECT_TOKEN_WRONG',
    ])
  })

  test('gives metrics as they are', async () => {
    const { control } = await start()
    expect(await control.metrics()).toBe('lintel_up 1\n')
  })

  test('drops what is parked, once', async () => {
    const { gateway, control } = await start()
    const [key] = await parkEvents(gateway)
    await control.drop(key!)
    expect(gateway.reader.parked(9)).toHaveLength(1)
    await expect(control.drop(key!)).rejects.toMatchObject({ code: 'PARKED_NOT_FOUND' })
  })

  test('replays what the contract takes now', async () => {
    const { gateway, control } = await start()
    const time = new Date().toISOString()
    const parked = {
      lane: 'event',
      receivedAt: Date.now(),
      code: 'EVENT_INVALID',
      reason: 'x',
      bytes: 9,
      id: 'a',
      payload: { id: '<text of 1>', type: 'passage', time, data: passageData },
    } as const
    await (gateway.reader as unknown as Journal).append('d1', [{ parked }])
    const [{ key } = { key: 0 }] = gateway.reader.parked(1)
    expect(await control.replay(key)).toBe('stored')
    expect(gateway.stored('d1')).toEqual([{ id: 'a', kind: 'passage', data: passageData }])
    expect(gateway.reader.parked(1)).toEqual([])
  })

  test('gives displays what they are to show, up to 64 KiB of it', async () => {
    const { gateway, control } = await start()
    const told: unknown[] = []
    gateway.broker.publishAlert = async (...alert) => void told.push(alert)
    await control.publishAlert('南社 1', '{"open":[]}')
    expect(told).toEqual([['南社 1', '{"open":[]}']])
    const refused = { code: 'API_REQUEST_INVALID', retryable: false }
    await expect(control.publishAlert('a', '门'.repeat(21_846))).rejects.toMatchObject(refused)
    expect(told).toHaveLength(1)
  })

  const missing = [0, 99, -1, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER]
  test.each(missing)('says that nothing is parked under %s', async key => {
    const { control } = await start()
    await expect(control.replay(key)).rejects.toMatchObject({ code: 'PARKED_NOT_FOUND' })
    await expect(control.drop(key)).rejects.toMatchObject({ code: 'PARKED_NOT_FOUND' })
  })

  test('says of what still breaks the contract why', async () => {
    const { gateway, control } = await start()
    for (const key of await parkEvents(gateway)) {
      await expect(control.replay(key)).rejects.toMatchObject({
        code: 'PARKED_NOT_REPLAYABLE',
        retryable: false,
        message: expect.stringContaining('contract'),
      })
    }
    expect(gateway.reader.parked(9)).toHaveLength(2)
  })
})

describe('the remote control of a gateway', () => {
  test('is not opened by a wrong token', async () => {
    const { find } = await startDoors()
    const control = createRemoteControl(() => ({ ...find()!, token: 'x' }))
    const asked = [
      control.sessions(),
      control.refusals(),
      control.metrics(),
      control.replay(1),
      control.drop(1),
    ]
    for (const answer of await Promise.allSettled(asked)) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'API_UNAUTHORIZED' } })
    }
    const response = await fetch(`${find()!.url}/sessions`)
    expect(response.status).toBe(401)
  })

  test('listens on this machine only', async () => {
    const { find } = await startDoors()
    expect(find()!.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })

  test('says that the gateway is not running, or does not answer, so that one can try again', async () => {
    const { find, server, remote } = await startDoors()
    const endpoint = find()!
    await server.stop()
    await expect(remote.sessions()).rejects.toMatchObject({ code: 'API_UNAVAILABLE', retryable: true })
    await expect(createRemoteControl(() => endpoint).sessions()).rejects.toMatchObject({
      code: 'API_UNAVAILABLE',
      retryable: true,
    })
  })

  test('reports a fault of the gateway without its text, and the gateway hears of it', async () => {
    const { remote, local, faults } = await startDoors()
    const fault = new Error('secret')
    local.sessions = () => Promise.reject(fault)
    await expect(remote.sessions()).rejects.toMatchObject({
      code: 'API_UNAVAILABLE',
      message: expect.not.stringContaining('secret'),
    })
    expect(faults).toEqual([fault])
  })
})
