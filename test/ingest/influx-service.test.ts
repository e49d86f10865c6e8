import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openInfluxd } from '../../bench/influx/influxd.ts'
import { codeOf } from '../../core/errors.ts'
import { createDeviceClient } from '../../devices/client/client.ts'
import { lintel } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { describeInfluxd } from '../support/influxd.ts'
import { startNode } from '../support/nodes.ts'
import { temporaryDirectory } from '../support/temporary.ts'

describeInfluxd('a service that keeps its time series in InfluxDB', () => {
  test('takes events while that is down, has them once it is back, and answers when it is stopped itself', {
    timeout: 60_000,
  }, async () => {
    const influxd = await openInfluxd()
    onTestFinished(() => influxd.stop())
    const config = {
      tagger: { workers: 0 },
      store: { influx: { url: influxd.url, database: 'doors', timeoutS: 10 } },
    }
    const node = await startNode('up', config)
    const { operations, mqtt } = node.service
    const { token } = (await operations.addDevice({
      device: 'door-1',
      kind: 'terminal',
      site: 'nanshe',
      building: 'b12',
      point: 'd1',
    })) as { token: string }
    const client = createDeviceClient({ url: `mqtt://${mqtt.host}:${mqtt.port}`, device: 'door-1', token })
    onTestFinished(() => client.close())
    let published = 0
    const publish = () =>
      client.publish({
        id: `e${++published}`,
        type: 'passage',
        data: { direction: 'in', result: 'granted', method: 'card' },
      })
    const today = new Date().toISOString()
    const question = {
      measure: 'passages',
      from: new Date(Date.parse(today) - 3_600_000).toISOString(),
      to: new Date(Date.parse(today) + 3_600_000).toISOString(),
      every: '1d',
      by: ['building'],
      zone: 'UTC',
    }
    const total = async () => (await operations.flow(question)).total

    const settled = () =>
      eventually(async () => {
        const books = await operations.ledger()
        return books.total.queued === 0 && books
      })

    await publish()
    await eventually(async () => (await total()) === 1, 10_000)
    // An influxd 1.x that is killed while it makes a shard cannot open that again: both of them are made by now.
    await settled()
    await influxd.kill()
    await publish()
    expect(codeOf(await total().catch(error => error))).toBe('STORE_UNAVAILABLE')
    await influxd.start()
    await eventually(async () => (await total()) === 2, 20_000)
    expect(await settled()).toMatchObject({ balanced: true, total: { duplicate: 0, difference: 0 } })

    await client.close()
    await node.service.stop()
    const file = join(await temporaryDirectory(), 'lintel.json')
    writeFileSync(file, JSON.stringify(config))
    const { from, to } = question
    const asked = ['flow', '--data', node.data, '--config', file, '--json', '--from', from, '--to', to]
    const offline = await lintel(...asked, '--every', '1d', '--zone', 'UTC')
    expect({ ...offline, stderr: '' }).toMatchObject({ code: 0 })
    expect(offline.stdout).toMatch(/"count":2/)
  })
})
