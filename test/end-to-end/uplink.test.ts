import { existsSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { createDeviceClient } from '../../devices/client/client.ts'
import { readWaiting } from '../../gateway/admit/waiting-room.ts'
import { captionOf, plainJpeg } from '../../gateway/snapshots/caption.ts'
import { lintel } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { startEdgeAndCentre, startNode } from '../support/nodes.ts'
import { samplePicture } from '../support/pictures.ts'

/** What the uplink says of itself, by name. */
async function metricsOf(data: string): Promise<Map<string, number>> {
  const { url, token } = findEndpoint(dataPaths(data), 'uplink')!
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  const lines = (await response.text()).split('\n').filter(line => line.startsWith('lintel_uplink_'))
  return new Map(
    lines.map(line => [line.split(' ')[0]!.slice('lintel_uplink_'.length), Number(line.split(' ')[1])]),
  )
}

test('a picture of an edge node is at the centre redacted, with its event and what was seen on it', {
  timeout: 240_000,
}, async () => {
  const { centre, edge, devices } = await startEdgeAndCentre(1, {}, {})
  const { host, port } = edge.service.mqtt
  const [{ device, token }] = devices as [{ device: string; token: string }]
  const client = createDeviceClient({ url: `mqtt://${host}:${port}`, device, token })
  onTestFinished(() => client.close())
  const original = await samplePicture('campus')
  await client.publish({
    id: 'e1',
    type: 'passage',
    data: { direction: 'in', result: 'denied', method: 'card' },
  })
  await client.snapshot('e1', original)
  const view = await eventually(async () => {
    const found = await centre.service.operations.showDevice(device)
    expect(found.snapshots).toMatchObject({ stored: 1, sighted: 1 })
    return found
  }, 150_000)
  // Its status, and the event.
  expect(view).toMatchObject({ via: 'edge-1', site: 'nanshe', events: { received: 2, stored: 2 } })
  const key = { device, event: 'e1' }
  const there = await eventually(() => centre.service.operations.readSnapshot(key), 30_000)
  const here = await edge.service.operations.readSnapshot(key)
  expect(captionOf(there)).toMatchObject({ outcome: 'seen', model: 'nanodet-g' })
  expect(captionOf(there)).toEqual(captionOf(here))
  // Covered at the edge, and once more at the centre, which takes nobody's word for it.
  for (const other of [here, original]) expect(plainJpeg(there).equals(plainJpeg(other))).toBe(false)
  expect(await centre.service.operations.showSnapshot(key)).toMatchObject({ urgent: true, site: 'nanshe' })
  await eventually(async () =>
    expect(await readWaiting(dataPaths(centre.data).waiting, device, 'e1')).toBeUndefined(),
  )
  const metrics = await metricsOf(edge.data)
  expect(Object.fromEntries(metrics)).toMatchObject({
    connected: 1,
    refused: 0,
    lag_records: 0,
    unacked: 0,
    pictures_sent_total: 1,
    pictures_skipped_total: 0,
    'sent_total{kind="event"}': 1,
    'sent_total{kind="sighting"}': 1,
    'sent_total{kind="snapshot"}': 1,
    'sent_total{kind="place"}': 1,
  })

  // The book is there for whoever asks, also when the edge node is down; its stop is no word of the door.
  await edge.service.stop()
  const { stdout, code } = await lintel('ledger', '--json', '--data', edge.data)
  expect(JSON.parse(stdout)).toMatchObject({ balanced: true, total: { received: 2, stored: 2, queued: 0 } })
  expect(code).toBe(0)
  expect(existsSync(`${dataPaths(edge.data).store}/lintel.duckdb`)).toBe(false)
})

test('an uplink without its token does not start, and says which file it wants', async () => {
  const uplink = { url: 'mqtt://127.0.0.1:1', account: 'edge-1', tokenFile: '/nowhere/token' }
  await expect(startNode('gateway', { uplink })).rejects.toThrow(/uplink\.tokenFile cannot be read/)
})
