import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { expect, onTestFinished, test } from 'vitest'
import { startService } from '../../bench/service.ts'
import { dataPaths, type EndpointName, findEndpoint } from '../../core/data-directory.ts'
import { eventOfRecordId } from '../../devices/contract/record-ids.ts'
import { eventTopic, snapshotTopic } from '../../devices/contract/topics.ts'
import { openLmdbJournalReader } from '../../gateway/journal/lmdb-reader.ts'
import { eventually } from '../support/eventually.ts'
import { metricsOf } from '../support/metrics.ts'
import { samplePicture } from '../support/pictures.ts'
import { freePort, startSteadyDoor } from '../support/steady-door.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const withinMs = 120_000
const row = (device: string) => ({ device, kind: 'terminal', site: 's', building: 'b', point: device })

async function start(config: object) {
  const data = await temporaryDirectory()
  const file = join(await temporaryDirectory(), 'lintel.json')
  writeFileSync(file, JSON.stringify(config))
  const port = await freePort()
  const service = await startService(data, port, ['--config', file])
  onTestFinished(() => service.stop())
  const tokenOf = async (device: string) =>
    ((await service.operations.addDevice(row(device))) as { token: string }).token
  return { data, paths: dataPaths(data), port, service, tokenOf }
}

test('each process that is stopped, as by a debugger, is replaced, and the acks go on', {
  timeout: 4 * withinMs,
}, async () => {
  const { paths, port, service, tokenOf } = await start({
    processes: { patienceS: 15 },
    tagger: { workers: 0 },
  })
  const door = startSteadyDoor(port, { device: 'door-1', token: await tokenOf('door-1') })
  await eventually(() => door.acked.size > 20, withinMs)
  const pid = (name: EndpointName) => findEndpoint(paths, name)?.pid
  const names = ['gateway', 'tagger', 'api'] as const
  const before = new Map(names.map(name => [name, pid(name)!]))
  for (const stopped of before.values()) process.kill(stopped, 'SIGSTOP')
  await eventually(() => names.every(name => pid(name) !== before.get(name)), withinMs).catch(() => {
    throw new Error(`not all were replaced:\n${service.log()}`)
  })
  const acked = door.acked.size
  await eventually(() => door.acked.size > acked + 50, withinMs)
  const hung = service.log().match(/"code":"PROCESS_HUNG"/g) ?? []
  expect(hung).toHaveLength(3)
  const metrics = () => metricsOf(findEndpoint(paths, 'api')!)
  await eventually(
    async () => /^lintel_process_hangs_total\{process="gateway"\} 1$/m.test(await metrics()),
    withinMs,
  )
  await door.stop()
  await service.stop()
})

const pictures = 12

test('pictures that wait while the gateway stands still for longer than its answers take are all seen', {
  timeout: 4 * withinMs,
}, async () => {
  const { paths, port, service, tokenOf } = await start({ processes: { patienceS: 600 } })
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
    clientId: 'd1',
    username: 'd1',
    password: await tokenOf('d1'),
    keepalive: 0,
  })
  onTestFinished(() => client.endAsync(true))
  const jpeg = await samplePicture('car')
  const ids = Array.from({ length: pictures }, (_, n) => `e${n}`)
  await Promise.all(
    ids.map(async id => {
      const data = { direction: 'in', result: 'denied', method: 'card' }
      const event = { id, type: 'passage', time: new Date().toISOString(), data }
      await client.publishAsync(eventTopic('d1'), JSON.stringify(event), { qos: 1 })
      await client.publishAsync(snapshotTopic('d1', id), jpeg, { qos: 1 })
    }),
  )
  // Some may have been seen by now; the others cannot be told of.
  const gateway = findEndpoint(paths, 'gateway')!.pid
  process.kill(gateway, 'SIGSTOP')
  await eventually(() => service.log().includes('the gateway does not answer'), withinMs)
  process.kill(gateway, 'SIGCONT')

  const reader = openLmdbJournalReader(paths.journal)
  onTestFinished(() => reader.close())
  const seen = () =>
    reader
      .read(0, 100_000)
      .entries.filter(({ record }) => record.kind === 'sighting')
      .map(({ id }) => eventOfRecordId(id))
  await eventually(() => seen().length >= pictures, withinMs)
  expect(seen().sort()).toEqual(ids.toSorted())
  await eventually(
    async () => (await service.operations.listSnapshots({ limit: 100 })).length === pictures,
    withinMs,
  )
})
