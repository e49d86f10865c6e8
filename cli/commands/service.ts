import { EventEmitter } from 'node:events'
import type { Command } from 'commander'
import { watchConsumer } from '../../alerts/watch/watch.ts'
import { createRemoteOperations } from '../../api/operations/remote-operations.ts'
import type { Config } from '../../config/config.ts'
import { plainListeners, plaintextWarning } from '../../config/exposure.ts'
import { systemClock } from '../../core/clock.ts'
import { type DataPaths, dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { entryUrl } from '../../core/installation.ts'
import { createLog } from '../../core/log.ts'
import { endOnUnexpected } from '../../core/unexpected.ts'
import { version } from '../../core/version.ts'
import type { GatewaySettings } from '../../gateway/main.ts'
import { type TaggerSettings, taggerConsumer } from '../../gateway/tagger/settings.ts'
import { type UplinkSettings, uplinkConsumer } from '../../gateway/uplink/settings.ts'
import { intakeConsumer } from '../../ingest/intake/intake.ts'
import type { IngestSettings } from '../../ingest/main.ts'
import { elsewhere } from '../elsewhere.ts'
import { keepUp, type Reloads } from '../keep-up.ts'
import { type CommonOptions, contextOf, parseAddress, withLocalOptions } from '../options.ts'
import { type ReloadParts, reload } from '../reload.ts'
import { signInLink } from '../sign-in-link.ts'
import type { ChildSpec } from '../supervisor.ts'

/** Half the default: saves 80 MB in a gateway with 5,000 connected devices without being slower; a quarter halves the speed. */
const smallFlags = ['--max-semi-space-size=8']
/** Exports trigger garbage collections (`ingest/store/duckdb-scan.ts`). */
const ingestFlags = [...smallFlags, '--expose-gc']

const browser = 'API, browser'

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
  let config = withAddresses(read, options)
  const paths = dataPaths(data)
  const log = createLog('supervisor', config.log.level)
  endOnUnexpected(log)
  const warnings = plainListeners(config).map(listener => `${listener.name} ${plaintextWarning(listener)}`)
  for (const warning of warnings) log.warn(warning)
  // A closed terminal, or a log file on a full disk, is no reason to stop.
  process.stdout.removeAllListeners('error')
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  const reloads = new EventEmitter<Reloads>()
  // On Windows this means that the console is being closed.
  process.on('SIGHUP', process.platform === 'win32' ? stop : () => void reload(reloadParts))
  const reloadParts: ReloadParts = {
    inForce: () => config,
    read: () => withAddresses(contextOf(options).config, options),
    faultsOf: async next => (await import('../doctor/named-files.ts')).reloadableFaults(next),
    take(next) {
      config = next
      log.level = next.log.level
      reloads.emit('config', next)
    },
    log,
  }

  process.exitCode = await keepUp({
    paths,
    config,
    specs: processesOf(paths, () => config, { alone, demo: options.demo === true, startedAt: systemClock() }),
    reloads,
    log,
    signal: stopping.signal,
    onUp,
  })

  async function onUp(ready: Record<string, Record<string, unknown>>): Promise<void> {
    const mqtt = ready.gateway as Record<string, { host: string; port: number }>
    const http = String(ready.ingest?.http ?? ready.gateway?.http ?? '')
    // The service works without it; `lintel user invite` reports the reason.
    const signIn = await firstSignIn(data, config).catch(() => undefined)
    const doors = Object.entries(mqtt).filter(([, address]) => typeof address === 'object')
    const hint = elsewhere([...doors.map(([, { host }]) => host), config.http.host])
    const label = (text: string) => `  ${text.padEnd(width)}  `
    const width = Math.max(browser.length, ...doors.map(([name]) => `MQTT (${name})`.length))
    const lines = [
      `lintel ${version} is up`,
      ...doors.map(([name, { host, port }]) => `${label(`MQTT (${name})`)}${host}:${port}`),
      `${label(browser)}${http}`,
      `${label('data')}${paths.root}`,
      ...(hint === undefined ? [] : [`${label('elsewhere')}${hint}`]),
      ...warnings.map(warning => `warning: ${warning}`),
      ...(signIn === undefined
        ? []
        : [
            '',
            'nobody has an account yet; the first admin sets a name and a password, within a day, at',
            signIn,
          ]),
    ]
    const signInMember = signIn === undefined ? {} : { signIn }
    output.say(lines, { version, pid: process.pid, mqtt, http, data: paths.root, warnings, ...signInMember })
    if (options.demo) {
      const { runDemo } = await import('../demo/demo.ts')
      const demo = runDemo({ data, config, mqtt: mqtt.tcp!, json })
      stopping.signal.addEventListener('abort', demo.stop)
    }
  }
}

/** The link for the first admin; undefined if there is one. Every start makes a new link, because only hashes are stored. */
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

/** In the order in which they stop: the gateway first. */
function processesOf(
  paths: DataPaths,
  inForce: () => Config,
  how: { alone: boolean; demo: boolean; startedAt: number },
): ChildSpec[] {
  const { alone, demo, startedAt } = how
  const { root: data } = paths
  const uplink = inForce().uplink !== undefined
  const consumers: GatewaySettings['consumers'] = {
    ...(alone ? {} : { [intakeConsumer]: 'state', [watchConsumer]: 'state' }),
    [taggerConsumer]: 'snapshots',
    ...(uplink ? { [uplinkConsumer]: 'uplink' } : {}),
  }
  // An edge node that reports nowhere holds the only copy of its events: nothing is freed.
  const isArchive = alone && !uplink
  const gateway = (): GatewaySettings => ({
    data,
    config: inForce(),
    startedAt,
    consumers: isArchive ? {} : consumers,
    alone,
  })
  const ingest = (): IngestSettings => ({ data, config: inForce(), startedAt, demo })
  const taggerSettings = (): TaggerSettings => ({ data, config: inForce() })
  const uplinkSettings = (): UplinkSettings => ({ data, config: inForce() })
  const specs: (ChildSpec | false)[] = [
    { name: 'gateway', entry: entryUrl('gateway/main'), settings: gateway, flags: smallFlags },
    { name: 'tagger', entry: entryUrl('gateway/tagger/main'), settings: taggerSettings, flags: smallFlags },
    uplink && {
      name: 'uplink',
      entry: entryUrl('gateway/uplink/main'),
      settings: uplinkSettings,
      flags: smallFlags,
    },
    !alone && { name: 'ingest', entry: entryUrl('ingest/main'), settings: ingest, flags: ingestFlags },
  ]
  return specs.filter(spec => spec !== false)
}
