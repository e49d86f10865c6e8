import { readdirSync } from 'node:fs'
import { connectAsync, type MqttClient } from 'mqtt'
import { expect, onTestFinished, test } from 'vitest'
import { type Service, startService } from '../../bench/service.ts'
import { dataPaths } from '../../core/data-directory.ts'
import { eventOfRecordId } from '../../devices/contract/record-ids.ts'
import { eventTopic, snapshotTopic } from '../../devices/contract/topics.ts'
import { openLmdbJournalReader } from '../../gateway/journal/lmdb-reader.ts'
import { eventually } from '../support/eventually.ts'
import { samplePicture } from '../support/pictures.ts'
import { printedSeed, seededRandom } from '../support/random.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const kills = 4
const perRound = 12

/** Between any two of: picture on disk, seen, sighting journaled, redacted, at rest, original erased. */
test(`every acked picture is seen once and at rest, and no original is left, when all is killed ${kills} times`, {
  timeout: 400_000,
}, async () => {
  const random = seededRandom(printedSeed('kill -9 among pictures'))
  const data = await temporaryDirectory()
  let service = await startService(data)
  onTestFinished(() => service.stop())
  const device = { device: 'd1', kind: 'terminal', site: 's', building: 'b', point: 'p' }
  const { token } = (await service.operations.addDevice(device)) as { token: string }
  const jpeg = await samplePicture('car')
  const acked = new Set<string>()

  for (let round = 0; round <= kills; round++) {
    const client = await connectTo(service, token)
    const published = Array.from({ length: perRound }, async (_, n) => {
      const id = `e${round}-${n}`
      await client.publishAsync(eventTopic('d1'), event(id), { qos: 1 })
      await client.publishAsync(snapshotTopic('d1', id), jpeg, { qos: 1 })
      acked.add(id)
    })
    if (round === kills) await Promise.all(published)
    else {
      // Some are acked, some are in a worker's hands, some at rest already.
      await new Promise(resolve => setTimeout(resolve, 300 + random() * 1500))
      await service.kill()
      client.end(true)
      service = await startService(data)
    }
    await Promise.race([Promise.allSettled(published), new Promise(resolve => setTimeout(resolve, 200))])
    if (round === kills) await client.endAsync()
  }

  const paths = dataPaths(data)
  const reader = openLmdbJournalReader(paths.journal)
  onTestFinished(() => reader.close())
  const sightings = () => reader.read(0, 100_000).entries.filter(({ record }) => record.kind === 'sighting')
  await eventually(() => acked.size <= sightings().length && readdirSync(paths.waiting).length === 0, 60_000)

  const events = sightings().map(({ id }) => eventOfRecordId(id))
  expect(new Set(events).size, 'no sighting twice').toBe(events.length)
  for (const id of acked) expect(events, `the sighting of ${id}`).toContain(id)
  const rested = await service.operations.listSnapshots({ limit: 1000 })
  expect(rested.map(({ event: id }) => id).sort()).toEqual(events.toSorted())
  expect(new Set(rested.map(({ position }) => position)).size).toBe(rested.length)
  const { balanced, snapshots } = await service.operations.ledger()
  expect({ balanced, queued: snapshots.queued }).toEqual({ balanced: true, queued: 0 })
  process.stdout.write(
    `kill -9 among pictures: ${acked.size} acked over ${kills} kills, each seen once and at rest\n`,
  )
})

function connectTo({ mqtt }: Service, password: string): Promise<MqttClient> {
  const options = { clientId: 'd1', username: 'd1', password, reconnectPeriod: 0 }
  return eventually(() => connectAsync(`mqtt://${mqtt.host}:${mqtt.port}`, options), 20_000)
}

function event(id: string): string {
  const data = { direction: 'in', result: 'granted', method: 'card' }
  return JSON.stringify({ id, type: 'passage', time: new Date().toISOString(), data })
}
