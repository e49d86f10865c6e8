import { join } from 'node:path'
import type { Command } from 'commander'
import { createRemoteOperations } from '../../api/operations/remote-operations.ts'
import { secondMs, systemClock } from '../../core/clock.ts'
import type { Config } from '../../core/config.ts'
import {
  awaitLock,
  type DataPaths,
  dataPaths,
  findEndpoint,
  lockDataDirectory,
  prepareDataDirectory,
  stateDirectories,
} from '../../core/data-directory.ts'
import { messageOf } from '../../core/errors.ts'
import { createLog, type Logger } from '../../core/log.ts'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { version } from '../../core/version.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import { openWriter } from '../../gateway/journal/lmdb-writer.ts'
import type { GatewaySettings } from '../../gateway/main.ts'
import { type TaggerSettings, taggerConsumer } from '../../gateway/tagger/settings.ts'
import { type UplinkSettings, uplinkConsumer } from '../../gateway/uplink/settings.ts'
import { intakeConsumer } from '../../ingest/intake/intake.ts'
import type { IngestSettings } from '../../ingest/main.ts'
import { watchConsumer } from '../../ingest/watch/watch.ts'
import { mendDataFiles } from '../data-files.ts'
import { type CommonOptions, contextOf, parseAddress, withLocalOptions } from '../options.ts'
import { signInLink } from '../sign-in-link.ts'
import { type ChildSpec, supervise } from '../supervisor.ts'

/** Half the default: 80 MB less in a gateway with 5,000 devices connected, and no slower; a quarter costs half the speed. */
const smallFlags = ['--max-semi-space-size=8']
/** An export asks for collections (`ingest/store/duckdb-scan.ts`). */
const ingestFlags = [...smallFlags, '--expose-gc']

const lockWaitMs = 20 * secondMs

interface ServiceOptions extends CommonOptions {
  readonly mqtt?: string
  readonly http?: string
  readonly demo?: boolean
}

export function addServiceCommands(program: Command): void {
  const addresses = (command: Command) =>
    withLocalOptions(command)
      .option('--mqtt <host:port>', 'where devices connect (default 127.0.0.1:1883)')
      .option('--http <host:port>', 'where the API is (default 127.0.0.1:8080)')
  addresses(program.command('up'))
    .description('run everything on this machine')
    .option('--demo', 'with a simulated town')
    .action((options: ServiceOptions) => run(options, false))
  addresses(program.command('gateway'))
    .description('run an edge node alone: devices, broker and journal')
    .action((options: ServiceOptions) => run(options, true))
}

async function run(options: ServiceOptions, alone: boolean): Promise<void> {
  const { data, config: read, output, json } = contextOf(options)
  const config = withAddresses(read, options)
  const paths = dataPaths(data)
  prepareDataDirectory(paths)
  const lock = lockDataDirectory(paths, 'service')
  const log = createLog('supervisor', config.log.level)
  await mendUnderLock(paths, log)
  await prepareDatabases(paths, config, log)
  const supervisor = supervise(
    processesOf(paths, config, alone, options.demo === true),
    log,
    join(paths.run, 'compile-cache'),
    () => mendUnderLock(paths, log),
  )
  const stop = () => void supervisor.stop()
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)

  try {
    const ready = await supervisor.ready()
    const mqtt = ready.gateway as Record<string, { host: string; port: number }>
    const http = String(ready.ingest?.http ?? ready.gateway?.http ?? '')
    // Without it the service is as good; lintel user invite says what is wrong.
    const signIn = await firstSignIn(data, config).catch(() => undefined)
    const doors = Object.entries(mqtt).filter(([, address]) => typeof address === 'object')
    const lines = [
      `lintel ${version} is up`,
      ...doors.map(([name, { host, port }]) => `  MQTT (${name})  ${host}:${port}`),
      `  API         ${http}`,
      `  data        ${paths.root}`,
      ...(signIn === undefined
        ? []
        : [
            '',
            'nobody has an account yet; the first admin sets a name and a password, within a day, at',
            signIn,
          ]),
    ]
    const signInMember = signIn === undefined ? {} : { signIn }
    output.say(lines.join('\n'), { version, pid: process.pid, mqtt, http, data: paths.root, ...signInMember })
    if (options.demo) {
      const { runDemo } = await import('../demo/demo.ts')
      const demo = runDemo({ data, config, mqtt: mqtt.tcp!, json })
      process.on('SIGTERM', demo.stop)
      process.on('SIGINT', demo.stop)
    }
  } catch (error) {
    // For people: in the log it is one line of many.
    process.stderr.write(`${messageOf(error)}\n`)
  }
  process.exitCode = await supervisor.ended
  lock.release()
}

/** The link for the first admin; undefined where there is one. A new one at each start: only hashes are kept. */
async function firstSignIn(data: string, config: Config): Promise<string | undefined> {
  const endpoint = findEndpoint(dataPaths(data), 'api')
  if (endpoint === undefined) return undefined
  const operations = createRemoteOperations(endpoint)
  const users = await operations.listUsers()
  if (users.some(({ invited }) => !invited)) return undefined
  return signInLink(await operations.inviteUser(), { data, config })
}

function withAddresses(config: Config, { mqtt, http }: ServiceOptions): Config {
  return {
    ...config,
    ...(mqtt === undefined ? {} : { mqtt: { ...config.mqtt, tcp: parseAddress(mqtt, '--mqtt') } }),
    ...(http === undefined ? {} : { http: { ...config.http, ...parseAddress(http, '--http') } }),
  }
}

/** In the order in which they stop: the door first. */
function processesOf(paths: DataPaths, config: Config, alone: boolean, demo: boolean): ChildSpec[] {
  const entry = (path: string) => new URL(`../../${path}/main.ts`, import.meta.url)
  const { root: data } = paths
  const uplink = config.uplink !== undefined
  const consumers: GatewaySettings['consumers'] = {
    ...(alone ? {} : { [intakeConsumer]: 'state', [watchConsumer]: 'state' }),
    [taggerConsumer]: 'snapshots',
    ...(uplink ? { [uplinkConsumer]: 'uplink' } : {}),
  }
  // An edge node that reports nowhere is all that its events have: nothing is freed.
  const isArchive = alone && !uplink
  const gateway: GatewaySettings = { data, config, consumers: isArchive ? {} : consumers, alone }
  const ingest: IngestSettings = { data, config, demo }
  const taggerSettings: TaggerSettings = { data, config }
  const uplinkSettings: UplinkSettings = { data, config }
  const specs: (ChildSpec | false)[] = [
    { name: 'gateway', entry: entry('gateway'), settings: gateway, flags: smallFlags },
    { name: 'tagger', entry: entry('gateway/tagger'), settings: taggerSettings, flags: smallFlags },
    uplink && { name: 'uplink', entry: entry('gateway/uplink'), settings: uplinkSettings, flags: smallFlags },
    !alone && { name: 'ingest', entry: entry('ingest'), settings: ingest, flags: ingestFlags },
  ]
  return specs.filter(spec => spec !== false)
}

/** Waits for processes of a service that is just ending: they have the files open. */
async function mendUnderLock(paths: DataPaths, log: Logger): Promise<void> {
  const names = ['journal', 'state', 'snapshots', 'uplink'] as const
  const locks = await Promise.all(names.map(name => awaitLock(paths, name, lockWaitMs)))
  try {
    await mendDataFiles(paths, log, systemClock())
  } finally {
    for (const lock of locks) lock.release()
  }
}

/** Readers cannot open what has never been written; the processes may come up in any order. */
async function prepareDatabases(paths: DataPaths, config: Config, log: Logger): Promise<void> {
  const { state: registered, ...others } = stateDirectories(paths)
  for (const directory of Object.values(others)) await openLmdbState({ directory }).close()
  const state = openLmdbState({ directory: registered })
  const registry = createRegistry(state)
  const writer = openWriter({ directory: paths.journal, ...config.journal, registered: registry.places() })
  const known = writer.numbered().devices.length
  if (known > 0 && registry.list().length === 0) {
    const text = `the registry is empty, but the journal has events of ${known} devices: it was lost, and none of them can connect until it is put back or they are enrolled again`
    log.error({ code: 'STATE_CORRUPT', devices: known }, text)
  }
  await writer.close()
  await state.close()
}
