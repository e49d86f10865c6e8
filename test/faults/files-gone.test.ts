import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Service, startService } from '../../bench/service.ts'
import { type DataPaths, dataPaths, type EndpointName, findEndpoint } from '../../core/data-directory.ts'
import { lintel } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { metricsOf } from '../support/metrics.ts'
import { freePort, startSteadyDoor } from '../support/steady-door.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const withinMs = 90_000
const device = { device: 'door-1', kind: 'terminal', site: 's', building: 'b', point: 'p' }

async function start() {
  const data = await temporaryDirectory()
  const port = await freePort()
  const config = join(await temporaryDirectory(), 'lintel.json')
  writeFileSync(config, JSON.stringify({ tagger: { workers: 0 } }))
  const service = await startService(data, port, ['--config', config])
  onTestFinished(() => service.stop())
  const { token } = (await service.operations.addDevice(device)) as { token: string }
  const door = startSteadyDoor(port, { device: 'door-1', token })
  await eventually(() => door.acked.size > 20, withinMs)
  return { data, paths: dataPaths(data), port, service, door }
}

const pids = (paths: DataPaths) =>
  (['gateway', 'tagger', 'api'] as const).map(name => [name, findEndpoint(paths, name)?.pid] as const)

/** Once each of these processes is another one than it was. */
async function replaced(paths: DataPaths, before: ReturnType<typeof pids>, names: readonly EndpointName[]) {
  const old = new Map<EndpointName, number | undefined>(before)
  await eventually(() => {
    const now = new Map<EndpointName, number | undefined>(pids(paths))
    return names.every(name => now.get(name) !== undefined && now.get(name) !== old.get(name))
  }, withinMs)
}

const gone = (service: Service) =>
  service
    .log()
    .split('\n')
    .filter(line => line.includes('DATA_GONE'))

const remove = (path: string) => rmSync(path, { recursive: true })

/** What goes, and which processes have it open and so end. Those of which the acks say that it is on disk come first. */
const losses: { what: string; lose(paths: DataPaths): void; ends: readonly EndpointName[] }[] = [
  {
    what: 'the file of the journal',
    lose: ({ journal }) => remove(join(journal, 'data.mdb')),
    ends: ['gateway', 'tagger', 'api'],
  },
  {
    what: 'the journal, and an empty directory stands in its place',
    lose({ journal }) {
      renameSync(journal, `${journal}.old`)
      mkdirSync(journal)
    },
    ends: ['gateway', 'tagger', 'api'],
  },
]

for (const { what, lose, ends } of losses) {
  test(`${what}, lost while it is written to, is noticed: nothing is acked that is lost, and the service goes on`, {
    timeout: 3 * withinMs,
  }, async () => {
    const { data, paths, service, door } = await start()
    const before = pids(paths)
    lose(paths)
    const lostAt = Date.now()
    await replaced(paths, before, ends)
    expect(gone(service).length, service.log()).toBeGreaterThan(0)
    expect(gone(service)[0]).toMatch(/deleted, moved, replaced or unmounted/)
    await eventually(() => door.ackedOfThoseSentAfter(lostAt).length > 100, withinMs)
    await door.stop()
    await eventually(async () => (await ledgerOf(data)).queued === 0, withinMs)
    await service.stop()
    const stored = new Set(await door.stored(data))
    // Of those that were sent before, some were in the journal that is gone.
    expect(door.ackedOfThoseSentAfter(lostAt).filter(n => !stored.has(n))).toEqual([])
  })
}

async function ledgerOf(data: string): Promise<{ queued: number }> {
  const { stdout } = await lintel('ledger', '--data', data, '--json', '--total')
  return (JSON.parse(stdout) as { total: { queued: number } }).total
}

const others: typeof losses = [
  { what: 'the database', lose: ({ store }) => remove(join(store, 'lintel.duckdb')), ends: ['api'] },
  { what: 'the folder of the database', lose: ({ store }) => remove(store), ends: ['api'] },
  { what: 'the folder of what runs', lose: ({ run }) => remove(run), ends: ['gateway', 'tagger', 'api'] },
  { what: 'the address of the API', lose: ({ run }) => remove(join(run, 'api.json')), ends: ['api'] },
  { what: 'the waiting room', lose: ({ waiting }) => remove(waiting), ends: ['gateway', 'tagger'] },
  { what: 'the pictures', lose: ({ snapshots }) => remove(snapshots), ends: ['gateway', 'tagger', 'api'] },
  {
    what: 'the locks that processes have on the state',
    lose: ({ state }) => remove(join(state, 'lock.mdb')),
    ends: ['gateway', 'tagger', 'api'],
  },
  { what: 'the journal', lose: ({ journal }) => remove(journal), ends: ['gateway', 'tagger', 'api'] },
  { what: 'how far the uplink is', lose: ({ uplink }) => remove(uplink), ends: ['gateway'] },
]

// Each process that ends again within a minute waits twice as long: two services have less to wait for than one.
for (const some of [others.slice(0, 5), others.slice(5)])
  test(`${some.map(({ what }) => what).join(', ')}: what goes is noticed by the processes that have it, which begin anew and lose nothing that is acked`, {
    timeout: (some.length + 2) * withinMs,
  }, async () => {
    const { data, paths, service, door } = await start()
    const supervisor = service.pid
    for (const { what, lose, ends } of some) {
      await replaced(paths, [], ['gateway', 'tagger', 'api'])
      const before = pids(paths)
      lose(paths)
      await replaced(paths, before, ends)
      const acked = door.acked.size
      await eventually(() => door.acked.size > acked + 20, withinMs).catch(() => {
        throw new Error(`no acks after the loss of ${what}:\n${service.log()}`)
      })
    }
    await door.stop()
    await eventually(async () => (await ledgerOf(data)).queued === 0, withinMs)
    const metrics = await metricsOf(findEndpoint(paths, 'api')!)
    expect(metrics).toMatch(/^lintel_process_restarts_total\{process="ingest"\} [1-9]/m)
    expect(metrics).toMatch(/^lintel_process_hangs_total\{process="gateway"\} 0$/m)
    expect(process.kill(supervisor, 0)).toBe(true)
    await service.stop()
  })

test('all of it, and a new directory stands there: the service goes on with that, and nobody else may have it', {
  timeout: 3 * withinMs,
}, async () => {
  const { data, paths, service } = await start()
  const before = pids(paths)
  renameSync(data, `${data}.old`)
  onTestFinished(() => remove(`${data}.old`))
  mkdirSync(data)
  await replaced(paths, before, ['gateway', 'tagger', 'api'])
  expect(readFileSync(join(data, 'FORMAT'), 'utf8')).toBe('1\n')
  const second = await lintel('up', '--data', data, '--mqtt', '127.0.0.1:0', '--http', '127.0.0.1:0')
  expect([second.code, second.stderr]).toEqual([1, expect.stringMatching(/^DATA_LOCKED: /)])
  await service.stop()
})

const cleanings: Record<string, (paths: DataPaths) => void> = {
  'what runs': ({ run }) => remove(run),
  'the locks in it': ({ state, uplink }) => {
    remove(join(state, 'lock.mdb'))
    remove(join(uplink, 'lock.mdb'))
  },
  'the file of the format and the token': ({ root, token }) => {
    remove(join(root, 'FORMAT'))
    remove(token)
  },
}

test('a second service is refused whatever was deleted under the first', {
  timeout: 4 * withinMs,
}, async () => {
  const { data, paths, service } = await start()
  for (const [what, clean] of Object.entries(cleanings)) {
    clean(paths)
    const second = await lintel('up', '--data', data, '--mqtt', '127.0.0.1:0', '--http', '127.0.0.1:0')
    expect([second.code, second.stderr], what).toEqual([1, expect.stringMatching(/^DATA_LOCKED: /)])
  }
  await service.stop()
})
