import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAccess } from '../../api/access/access.ts'
import { createLocalApi } from '../../api/api.ts'
import { createBackfillFiles } from '../../api/operations/backfill-files.ts'
import { createRemoteOperations } from '../../api/operations/remote-operations.ts'
import { roles } from '../../api/roles.ts'
import { parseConfig } from '../../config/config.ts'
import { dataPaths, findEndpoint, prepareDataDirectory } from '../../core/data-directory.ts'
import { Durations } from '../../core/durations.ts'
import { createLog } from '../../core/log.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import type { GatewayControl } from '../../gateway/control/gateway-control.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Store } from '../../ingest/store/store.ts'
import { noPictures } from '../support/pictures.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const noControl: GatewayControl = {
  state: async () => ({
    listening: { tcp: { host: '127.0.0.1', port: 1 } },
    connected: 3,
    lag: { intake: 2 },
  }),
  sessions: async () => [],
  refusals: async () => [],
  knocks: async () => ({ knocks: [], dropped: 0 }),
  replay: async () => 'stored',
  drop: async () => {},
  publishAlert: async () => {},
  backfill: async () => [],
  trustClock: async () => ({ state: 'sure', at: 0, systemAt: 0 }),
  metrics: async () => 'lintel_connected_devices 3\n',
}

interface Parts {
  control?: GatewayControl
  store?: Store
  metricsTokenFile?: string
}

async function start({ control = noControl, store = createMemoryStore(), ...http }: Parts = {}) {
  const paths = dataPaths(await temporaryDirectory())
  prepareDataDirectory(paths)
  const config = parseConfig({ http: { port: 0, ...http } })
  const state = createMemoryState()
  const access = createAccess(state, () => 0, config)
  const api = createLocalApi({
    startedAt: 7,
    paths,
    config,
    log: createLog('test', 'silent'),
    registry: createRegistry(state),
    access,
    backfillFiles: createBackfillFiles(state),
    journal: createMemoryJournal(() => 0),
    store,
    intake: {
      stats: () => ({
        applied: 9,
        rows: 8,
        failures: 6,
        writes: new Durations(),
        failing: 0,
        damaged: 5,
        freed: 4,
        forks: 3,
      }),
    },
    ...(await noPictures()),
    control,
    clock: () => 0,
  })
  await api.start!()
  onTestFinished(() => api.stop())
  const metrics = (token = readFileSync(paths.token, 'utf8').trim()) =>
    fetch(`${api.url}/metrics`, { headers: token === '' ? {} : { authorization: `Bearer ${token}` } })
  return { api, paths, access, metrics }
}

describe('the API of a process', () => {
  test('is found through the data directory, takes the token that lies there, and is not found once it has stopped', async () => {
    const { api, paths } = await start()
    const endpoint = findEndpoint(paths, 'api')!
    expect(endpoint).toEqual({
      url: api.url,
      token: readFileSync(paths.token, 'utf8').trim(),
      pid: process.pid,
    })
    const operations = createRemoteOperations(endpoint)
    await operations.addDevice({ device: 'd1', kind: 'terminal', site: '南社', building: 'b', point: 'p' })
    expect(await operations.showDevice('d1')).toMatchObject({ site: '南社', zone: 'Asia/Shanghai' })
    await expect(createRemoteOperations({ ...endpoint, token: 'x' }).ledger()).rejects.toMatchObject({
      code: 'API_UNAUTHORIZED',
    })
    await api.stop()
    expect(findEndpoint(paths, 'api')).toBeUndefined()
    await expect(operations.ledger()).rejects.toMatchObject({ code: 'API_UNAVAILABLE' })
  })

  test('shows the metrics of gateway, intake and store together', async () => {
    const { metrics } = await start()
    const text = await (await metrics()).text()
    for (const line of [
      'lintel_connected_devices 3',
      'lintel_store_applied 9',
      'lintel_store_rows_written_total 8',
      'lintel_store_write_seconds_count 0',
      'lintel_store_failures_total 6',
      'lintel_journal_damaged_records_total 5',
      'lintel_store_rows{kind="passage"} 0',
    ]) {
      expect(text.split('\n')).toContain(line)
    }
  })

  test('shows the metrics that there are while gateway and store are down', async () => {
    const down = async () => Promise.reject(new Error('down'))
    const { metrics } = await start({
      control: { ...noControl, metrics: down },
      store: { ...createMemoryStore(), stats: down },
    })
    const answer = await metrics()
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('lintel_store_applied 9')
  })

  test('tells metrics to an admin and to who has the token for them, and no count to anybody else', async () => {
    const file = join(await temporaryDirectory(), 'metrics-token')
    const { metrics, access } = await start({ metricsTokenFile: file })
    const tokens = await Promise.all(
      roles.map(async role => (await access.tokens.create({ name: role, role, ...(role === 'duty' ? { sites: ['s'] } : {}) }, 1, 0)).token),
    )
    const statuses = async () => Promise.all(['', 'x', ...tokens].map(async token => (await metrics(token)).status))
    const secret = 'a-token-of-some-length'
    expect([await statuses(), (await metrics(secret)).status]).toEqual([[401, 401, 200, 403, 403, 403], 401])
    writeFileSync(file, `${secret}\n`)
    expect([await statuses(), (await metrics(secret)).status]).toEqual([[401, 401, 200, 403, 403, 403], 200])
    expect(await (await metrics('')).text()).not.toMatch(/lintel_\w+[ {]/)
    // One that could be guessed opens nothing.
    writeFileSync(file, 'short')
    expect((await metrics('short')).status).toBe(401)
  }) // biome-ignore format: long lines
})
