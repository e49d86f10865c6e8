import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openInfluxd } from '../../bench/influx/influxd.ts'
import type { Service } from '../../bench/service.ts'
import { dayMs } from '../../core/clock.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import { createDeviceClient } from '../../devices/client/client.ts'
import { lintel } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { describeInfluxd } from '../support/influxd.ts'
import { startNode } from '../support/nodes.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const ago = (days: number) => formatRfc3339(Date.now() - days * dayMs)

/** A service with two old passages of door-1 and one of door-2, and a new one, started again with a limit of ten days. */
async function runRetention(store: object, counted: number): Promise<void> {
  const config = { tagger: { workers: 0 }, store, retention: { passage: 10 } }
  const node = await startNode('up', config)
  const { operations, mqtt } = node.service
  for (const [device, days] of [
    ['door-1', [20, 12, 0]],
    ['door-2', [15]],
  ] as const) {
    const row = { device, kind: 'terminal', site: 'nanshe', building: 'b12', point: device }
    const { token } = (await operations.addDevice(row)) as { token: string }
    const client = createDeviceClient({ url: `mqtt://${mqtt.host}:${mqtt.port}`, device, token })
    onTestFinished(() => client.close())
    for (const [index, past] of days.entries()) {
      const data = { direction: 'in', result: 'granted', method: 'card' } as const
      await client.publish({ id: `e${index}`, type: 'passage', time: ago(past), data })
    }
  }
  const passages = async ({ operations }: Service) =>
    (await operations.retention()).rows.find(({ kind }) => kind === 'passage')!.rows
  await eventually(async () => (await passages(node.service)) === 4, 20_000)
  const before = await operations.ledger()
  await node.service.stop()

  await node.restart()
  const again = node.service.operations
  await eventually(async () => (await passages(node.service)) === 1, 20_000)
  const ledger = await eventually(async () => {
    const books = await again.ledger()
    return books.total.queued === 0 && books
  })
  expect(ledger).toMatchObject({ balanced: true })
  expect(ledger.total.stored).toBeGreaterThanOrEqual(before.total.stored)
  await eventually(async () => (await again.listDeletions({ limit: 9 }))[0]?.oldestAt !== undefined)
  expect(await again.listDeletions({ limit: 9 })).toMatchObject([{ kind: 'passage', rows: 3, why: 'age' }])

  const stretch = { from: ago(30), to: ago(-1), every: '1d', zone: 'Asia/Shanghai' } as const
  const { total } = await again.flow({ measure: 'passages', by: ['building'], ...stretch })
  expect(total).toBe(counted)

  const asked = ['--data', node.data, '--json']
  expect(await lintel('retention', 'verify', ...asked)).toMatchObject({ code: 0, stdout: '[]\n' })
  const erased = await lintel(
    'retention',
    'erase',
    '--device',
    'door-1',
    '--before',
    ago(-1),
    '--yes',
    ...asked,
  )
  expect(JSON.parse(erased.stdout)).toMatchObject([
    { kind: 'passage', of: { device: 'door-1' }, rows: 1, oldestAt: null },
    { kind: 'status', of: { device: 'door-1' } },
  ])
  expect((await again.ledger()).balanced).toBe(true)

  await node.service.stop()
  // An original that nobody has deleted, as after a clock that was wrong.
  const originals = join(node.data, 'snapshots', 'originals')
  mkdirSync(originals, { recursive: true })
  writeFileSync(join(originals, 'x.original'), 'x')
  utimesSync(join(originals, 'x.original'), Date.now() / 1000 - 9e5, Date.now() / 1000 - 9e5)
  const file = join(await temporaryDirectory(), 'lintel.json')
  writeFileSync(file, JSON.stringify({ ...config, retention: { status: 1, passage: 1 } }))
  const offline = await lintel('retention', 'verify', '--data', node.data, '--config', file)
  expect(offline).toMatchObject({ code: 1, stdout: expect.stringMatching(/^what .*\noriginal .*\n$/) })
}

test('rows go once their time is up, the books still balance, and what was deleted can be looked up', {
  timeout: 240_000,
}, async () => {
  await runRetention({}, 1)
})

describeInfluxd('with an InfluxDB as the store', () => {
  test('rows go once their time is up, the books still balance, and what was deleted can be looked up', {
    timeout: 240_000,
  }, async () => {
    const influxd = await openInfluxd()
    onTestFinished(() => influxd.stop())
    await runRetention({ influx: { url: influxd.url, database: 'doors' } }, 4)
  })
})
