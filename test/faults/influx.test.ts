import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openInfluxd } from '../../bench/influx/influxd.ts'
import { flood } from '../../bench/ingest/flood.ts'
import { secondMs } from '../../core/clock.ts'
import { eventually } from '../support/eventually.ts'
import { describeInfluxd } from '../support/influxd.ts'
import { startNode } from '../support/nodes.ts'

/** By hand: `LINTEL_OUTAGE_S=300 npx vitest run test/faults/influx.test.ts` is five minutes without it. */
const outageS = Number(process.env.LINTEL_OUTAGE_S ?? 3)
const perS = 1500
const deviceCount = 10

describeInfluxd('an InfluxDB under load', () => {
  test('that is killed, stopped and started again has each event once, and the books add up', {
    timeout: (outageS + 150) * secondMs,
  }, async () => {
    const influxd = await openInfluxd()
    onTestFinished(() => influxd.stop())
    const store = { influx: { url: influxd.url, database: 'doors', timeoutS: 10 } }
    // Its database is down at the start.
    await influxd.end()
    const node = await startNode('up', { tagger: { workers: 0 }, store, retention: { health: 30 } })
    const { operations } = node.service
    const rows = Array.from({ length: deviceCount }, (_, i) => `door-${i},terminal,nanshe,b01,p${i}`)
    const csv = `device,kind,site,building,point\n${rows.join('\n')}`
    const devices = [...(await operations.importDevices(csv)).tokens]
    const began = Date.now()

    const count = perS * (outageS + 14)
    const data = { direction: 'in', result: 'granted', method: 'card' }
    const flooding = flood({
      ...node.service.mqtt,
      devices,
      window: 64,
      count,
      perS,
      payload: (device, n) => {
        const time = new Date(began + n).toISOString()
        return Buffer.from(JSON.stringify({ id: `boot1-${device}-${n}`, type: 'passage', time, data }))
      },
    })
    await setTimeout(2 * secondMs)
    await influxd.start()
    // An influxd 1.x that is killed while it makes a shard cannot open that again: they are made by now.
    await eventually(async () => (await operations.ledger()).total.stored > 0)
    await setTimeout(3 * secondMs)
    await influxd.kill()
    await setTimeout(outageS * secondMs)
    await influxd.start()
    await setTimeout(3 * secondMs)
    await influxd.end()
    await setTimeout(secondMs)
    await influxd.start()
    // Killed while it takes in what had to wait.
    await setTimeout(secondMs)
    await influxd.kill()
    await influxd.start()

    const { acked, cut } = await flooding
    expect({ acked, cut }).toEqual({ acked: count, cut: 0 })
    const ledger = await eventually(async () => {
      const books = await operations.ledger()
      return books.total.queued === 0 && books
    }, 90_000)
    expect(ledger).toMatchObject({ balanced: true, total: { duplicate: 0, difference: 0 } })
    const answer = await influxd.ask('SELECT "seq" FROM "passage" GROUP BY "device"', 'doors')
    const [{ series }] = answer.results as [{ series: { values: [ns: number, seq: number][] }[] }]
    expect(series).toHaveLength(deviceCount)
    const each = Array.from({ length: count / deviceCount }, (_, n) => began + n)
    for (const { values } of series) expect(values.map(([ns]) => Math.floor(ns / 1e6))).toEqual(each)
  })
})
