import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createRemoteOperations } from '../../api/operations/remote-operations.ts'
import { startService } from '../../bench/service.ts'
import {
  dataPaths,
  type EndpointName,
  findEndpoint,
  prepareDataDirectory,
} from '../../core/data-directory.ts'
import { eventually } from '../support/eventually.ts'
import { smallDisk } from '../support/small-disk.ts'
import { freePort, startSteadyDoor } from '../support/steady-door.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const withinMs = 120_000
const device = { device: 'door-1', kind: 'terminal', site: 's', building: 'b', point: 'p' }
const processes = ['gateway', 'tagger', 'api'] as const

/** No reserve: the disk is to be full to the last byte. */
async function configuration(): Promise<string> {
  const file = join(await temporaryDirectory(), 'lintel.json')
  writeFileSync(file, JSON.stringify({ journal: { reserveBytes: 0 }, tagger: { workers: 0 } }))
  return file
}

async function start(data: string) {
  const port = await freePort()
  const service = await startService(data, port, ['--config', await configuration()])
  onTestFinished(() => service.stop())
  const { token } = (await service.operations.addDevice(device)) as { token: string }
  const door = startSteadyDoor(port, { device: 'door-1', token })
  await eventually(() => door.acked.size > 50, withinMs)
  return { service, door, paths: dataPaths(data) }
}

type Started = Awaited<ReturnType<typeof start>>

const pid = (paths: Started['paths'], name: EndpointName) => findEndpoint(paths, name)?.pid

/** What was acked is stored once, and both books agree. */
async function expectWhole({ service, door, paths }: Started, data: string): Promise<void> {
  await door.stop()
  await eventually(async () => {
    const { total, balanced } = await createRemoteOperations(findEndpoint(paths, 'api')!).ledger()
    return total.queued === 0 && balanced
  }, withinMs)
  await service.stop()
  const stored = await door.stored(data)
  const known = new Set(stored)
  expect(known.size, 'none twice').toBe(stored.length)
  expect([...door.acked.keys()].filter(n => !known.has(n))).toEqual([])
}

test('a disk that is full, while processes are killed on it, is waited for: all comes back by itself', {
  timeout: 4 * withinMs,
}, async context => {
  const disk = await smallDisk(context, 256)
  const data = join(disk.directory, 'data')
  const started = await start(data)
  const { service, door, paths } = started
  const linesBefore = service.log().split('\n').length
  disk.fill()
  await eventually(() => Date.now() - Math.max(...door.acked.values()) > 5000, withinMs)
  const killed: EndpointName[] = []
  for (const name of processes) {
    // One that the full disk has ended is on its way back, and may wait for room.
    const running = await eventually(() => pid(paths, name), 20_000).catch(() => undefined)
    if (running === undefined) continue
    process.kill(running, 'SIGKILL')
    killed.push(name)
  }
  expect(killed).not.toEqual([])
  // Some starts on the full disk; there is nothing else to wait for.
  await new Promise(resolve => setTimeout(resolve, 15_000))
  const lines = service.log().split('\n').length - linesBefore
  expect(lines, service.log()).toBeLessThan(80)
  expect(service.log()).not.toMatch(/^\s+at /m)
  const acked = door.acked.size
  disk.free()
  await eventually(() => door.acked.size > acked + 100, withinMs).catch(() => {
    throw new Error(`no acks once there was room:\n${service.log()}`)
  })
  await expectWhole(started, data)
})

test('a service that is first started on a full disk waits for room, and then is up', {
  timeout: 3 * withinMs,
}, async context => {
  const disk = await smallDisk(context, 256)
  const data = join(disk.directory, 'data')
  mkdirSync(data)
  disk.fill()
  const port = await freePort()
  const starting = startService(data, port, ['--config', await configuration()])
  const first = await Promise.race([
    starting.then(
      () => 'up',
      error => String(error),
    ),
    new Promise(resolve => setTimeout(() => resolve('waits'), 10_000)),
  ])
  expect(first).toBe('waits')
  disk.free()
  const service = await starting
  expect((await service.operations.ledger()).balanced).toBe(true)
  await service.stop()
})

test('a disk that is unmounted under the service and mounted again is gone on with, and nothing acked is lost', {
  timeout: 4 * withinMs,
}, async context => {
  const disk = await smallDisk(context, 256)
  const data = join(disk.directory, 'data')
  const started = await start(data)
  const { service, door, paths } = started
  disk.unmount()
  await eventually(() => service.log().includes('DATA_GONE'), withinMs)
  disk.mount()
  const acked = door.acked.size
  await eventually(() => door.acked.size > acked + 100, withinMs).catch(() => {
    throw new Error(`no acks after it was mounted again:\n${service.log()}`)
  })
  expect(service.log()).toMatch(/unmounted while it was in use/)
  await eventually(() => pid(paths, 'api') !== undefined, withinMs)
  await expectWhole(started, data)
})

test('a format file that a full disk left empty is mended at the next start', {
  timeout: withinMs,
}, async () => {
  const data = await temporaryDirectory()
  prepareDataDirectory(dataPaths(data))
  writeFileSync(join(data, 'FORMAT'), '')
  const service = await startService(data)
  await service.stop()
})
