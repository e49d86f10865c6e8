import { expect, onTestFinished, test } from 'vitest'
import { createFlowScopes } from '../../api/operations/flow-scope.ts'
import { dayMs, hourMs, secondMs } from '../../core/clock.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import { answerFlow } from '../../flow/query.ts'
import { startOfDayIn } from '../../flow/zone.ts'
import { createInfluxStore } from '../../ingest/store/influx-store.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Row, Store } from '../../ingest/store/store.ts'
import { describeInfluxd, settingsFor } from '../support/influxd.ts'
import { passage } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const zone = 'Asia/Shanghai'
/** Of a local day. */
const start = Date.UTC(2026, 9, 19, 16)
const now = start + 10 * dayMs

/** A site with doors of two households, and one that has none. */
async function townOn(store: Store, retention?: Parameters<typeof createFlowScopes>[0]['retention']) {
  const registry = createRegistry(createMemoryState())
  const doors = [
    ['a1', 'elm', 'b1', 60, false],
    ['a2', 'elm', 'b2', 80, false],
    ['a3', 'elm', 'b3', 70, false],
    ['h1', 'elm', 'b1', 14, true],
    ['h2', 'elm', 'villa', 11, true],
    ['c1', 'oak', 'c1', 40, false],
    ['c2', 'oak', 'c2', 50, false],
  ] as const
  await registry.enrol(doors.map(([device, site, building, , household]) => ({ device, kind: 'terminal', site, building, point: device, zone, household })), start) // biome-ignore format: one line
  let seq = 0
  const rows = doors.flatMap(([device, , , count]) =>
    [0, 1].flatMap(day =>
      Array.from({ length: count }, (_, i): Row => {
        const at = start + day * dayMs + (7 + (i % 3)) * hourMs + i * secondMs
        return { seq: ++seq, place: registry.place(registry.get(device)!.place)!, record: passage({ at, receivedAt: at }) as never } // biome-ignore format: one line
      }),
    ),
  )
  await store.write({ journal: 'j', rows, next: rows.length })
  const parts = { registry, store, minCount: 10, defaultZone: zone, clock: () => now }
  const scopeOf = createFlowScopes(retention === undefined ? parts : { ...parts, retention })
  const viewer = { as: 'token', name: 'ana', role: 'analyst' } as const
  return async (by: readonly string[], every = '1d') => {
    const question = { measure: 'passages', from: '2026-10-20', to: '2026-10-22', every, by, zone, where: { direction: ['in'] } } // biome-ignore format: one line
    const { rows: told } = await answerFlow(question, store, scopeOf(viewer))
    return told
      .map(({ start: at, values, count }) => [at.slice(8, 13), ...values, String(count)].join(' '))
      .sort()
  }
}

const ofSites = ['20T00 elm 235', '20T00 oak 90', '21T00 elm 235', '21T00 oak 90']
const ofBuildings = (day: number, [b1, b2, b3]: readonly (number | null)[]) => [
  `${day}T00 elm b1 ${b1}`,
  `${day}T00 elm b2 ${b2}`,
  `${day}T00 elm b3 ${b3}`,
  `${day}T00 oak c1 40`,
  `${day}T00 oak c2 50`,
]

describeInfluxd('where only sums by building are left,', influxd => {
  test('a site with doors of households is told as before, and none of its buildings; other sites whole', async () => {
    const settings = settingsFor(influxd().url)
    const store = createInfluxStore({ ...settings, directory: await temporaryDirectory(), clock: () => now })
    onTestFinished(() => store.close())
    const ask = await townOn(store)
    while ((await store.summaries!.update()) > 0);
    // The smallest stands beside the households.
    const told = [null, 80, 70] as const
    expect(await ask(['site'])).toEqual(ofSites)
    expect(await ask(['building'])).toEqual([...ofBuildings(20, told), ...ofBuildings(21, told)])
    const before = await ask(['site'], '1h')
    while ((await store.expire({ kind: 'passage', before: start + dayMs })) > 0);
    expect(await ask(['site'])).toEqual(ofSites)
    expect(await ask(['site'], '1h')).toEqual(before)
    const none = [null, null, null]
    expect(await ask(['building'])).toEqual([...ofBuildings(20, none), ...ofBuildings(21, told)])
    for (const row of await ask(['building'], '1h')) if (/^20.* b/.test(row)) expect(row).toMatch(/ null$/)
    // Of methods there are no sums.
    expect((await ask(['method'])).filter(row => row.startsWith('20') && !row.endsWith('null'))).toEqual([])
  })
})

test('a day whose rows are about to go is not told while they do', async () => {
  const retention = { days: { passage: 9 }, startOfDay: startOfDayIn(zone) } as never
  const store = createMemoryStore()
  const ask = await townOn(store, retention)
  expect(await ask(['site'])).toEqual(['20T00 elm null', '20T00 oak null', ...ofSites.slice(2)])
  await store.expire({ kind: 'passage', before: start + dayMs, limit: 100 })
  expect(await ask(['site'])).toEqual(['20T00 elm null', '20T00 oak null', ...ofSites.slice(2)])
})
