import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { dayMs } from '../../core/clock.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { timedEventsOf } from '../../devices/town/events.ts'
import { planTown } from '../../devices/town/plan.ts'
import { createRandom } from '../../devices/town/random.ts'
import { answerFlow } from '../../flow/query.ts'
import type { ZonedQuestion } from '../../flow/question.ts'
import { openDuckDbStore } from '../../ingest/store/duckdb-store.ts'
import { createInfluxStore } from '../../ingest/store/influx-store.ts'
import type { Row, Store } from '../../ingest/store/store.ts'
import { describeInfluxd, settingsFor } from '../support/influxd.ts'

const from = Date.parse('2026-10-01T00:00:00+08:00')
const seed = 7

/** A month of a small town: passages, doors, vehicles, and a sighting for every tenth passage. */
function recordMonth(): Row[] {
  const devices = planTown({ seed, sites: 2, buildingsPerSite: 2, doorsPerBuilding: 1, checkpoints: 1 })
  const random = createRandom(seed, 'sightings')
  const happened = devices.flatMap((device, index) => {
    const { kind: _, ...names } = device
    const place = { id: index + 1, ...names, zone: device.zone! }
    return [...timedEventsOf(device, from, from + 31 * dayMs, seed, { incidents: 20 })]
      .filter(({ event }) => event.type !== 'health')
      .flatMap(({ at, event: { type: kind, data } }) => {
        const head = { at, receivedAt: at + 40, late: false, skewed: false, place }
        const record = { ...head, kind, data } as EventRecord
        const outcome = random.chance(0.9) ? 'seen' : 'thinned'
        const seen = outcome === 'seen' ? { person: random.poisson(1.2) } : {}
        const sighting = { ...head, kind: 'sighting', data: { outcome, ...seen } } as EventRecord
        const records = kind === 'passage' && random.chance(0.1) ? [record, sighting] : [record]
        return records.map(one => ({ place, record: one as Row['record'] }))
      })
  })
  return happened.sort((a, b) => a.record.at - b.record.at).map((row, index) => ({ seq: index + 1, ...row }))
}

const month = { measure: 'passages', from: '2026-10-01', to: '2026-11-01', by: [], zone: 'Asia/Shanghai' }
const questions: Partial<ZonedQuestion>[] = [
  { every: '1h', by: ['site', 'direction'] },
  { every: '15m', from: '2026-10-05', to: '2026-10-08', by: ['device', 'method'] },
  { every: '1d', by: ['building'], fill: 'zero', share: true },
  { every: '1w', by: ['site'], compare: '1w' },
  { every: '1M', by: ['holder', 'method'], zone: 'Asia/Kathmandu' },
  { every: 'all', by: ['hour-of-day', 'day-of-week'] },
  { every: '1w', by: ['site', 'hour-of-day'], zone: 'Europe/Berlin' },
  { every: '2h', where: { 'day-of-week': ['1', '2', '3', '4', '5'], 'hour-of-day': ['7', '8'] } },
  { every: '1d', from: '2026-10-11', to: '2026-10-21', compare: 'previous', by: ['point'], top: 2 },
  { measure: 'net', every: '1d', by: ['building'], compare: '1d' },
  { measure: 'denied', every: '1d', by: ['reason'], top: 3 },
  { measure: 'vehicles', every: '6h', by: ['class', 'lane'], where: { class: ['car', 'bus', 'truck'] } },
  { measure: 'vehicles', every: 'all', by: ['day-of-week', 'class'], share: true, zone: 'Europe/Berlin' },
  { measure: 'people', every: '1h', by: ['site'], where: { 'hour-of-day': ['18', '19'] } },
  { measure: 'pictures', every: '1d', by: ['outcome'], fill: 'zero' },
  { measure: 'doors', every: '12h', by: ['state', 'site'] },
  { measure: 'door-open', every: '1d', by: ['building'], zone: 'America/Sao_Paulo', compare: '1w' },
]

describeInfluxd('a recorded month', influxd => {
  let duck: Store
  let influx: Store
  beforeAll(async () => {
    const rows = recordMonth()
    expect(rows.length).toBeGreaterThan(20_000)
    const directory = mkdtempSync(join(tmpdir(), 'lintel-'))
    duck = await openDuckDbStore({ directory, memoryBytes: 256e6, threads: 2, clock: Date.now }) // biome-ignore format: one line
    influx = createInfluxStore({ ...settingsFor(influxd().url), directory, clock: Date.now }) // biome-ignore format: one line
    for (let at = 0; at < rows.length; at += 20_000) {
      const batch = {
        journal: 'j',
        rows: rows.slice(at, at + 20_000),
        next: Math.min(at + 20_000, rows.length),
      }
      await Promise.all([duck.write(batch), influx.write(batch)])
    }
    return async () => {
      await Promise.all([duck.close(), influx.close()])
      rmSync(directory, { recursive: true })
    }
  }, 60_000)

  for (const change of questions) {
    test(`answers ${JSON.stringify(change)} alike from DuckDB and InfluxDB`, async () => {
      const question = { ...month, ...change }
      const [one, other] = await Promise.all([answerFlow(question, duck), answerFlow(question, influx)])
      expect(other).toEqual(one)
      expect(one.rows.length).toBeGreaterThan(0)
      expect(one.total).not.toBe(0)
    })
  }
})
