import { join } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../../core/config.ts'
import { dataPaths, lockDataDirectory, prepareDataDirectory } from '../../core/data-directory.ts'
import { createLog } from '../../core/log.ts'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { version } from '../../core/version.ts'
import { openWriter } from '../../gateway/journal/lmdb-writer.ts'
import type { GatewaySettings } from '../../gateway/main.ts'
import { intakeConsumer } from '../../ingest/intake/intake.ts'
import type { IngestSettings } from '../../ingest/main.ts'
import { type CommonOptions, contextOf, parseAddress, withCommonOptions } from '../options.ts'
import { type ChildSpec, supervise } from '../supervisor.ts'

/** Half the default: 80 MB less with 5,000 devices connected, and no slower; a quarter costs half the speed. */
const gatewayFlags = ['--max-semi-space-size=8']

interface ServiceOptions extends CommonOptions {
  readonly mqtt?: string
  readonly http?: string
  readonly demo?: boolean
}

export function addServiceCommands(program: Command): void {
  const addresses = (command: Command) =>
    withCommonOptions(command)
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
  await prepareDatabases(paths.state, paths.journal, config)

  const gateway: GatewaySettings = {
    data: paths.root,
    config,
    consumers: alone ? [] : [intakeConsumer],
    alone,
  }
  const ingest: IngestSettings = { data: paths.root, config }
  const specs: ChildSpec[] = [
    {
      name: 'gateway',
      entry: new URL('../../gateway/main.ts', import.meta.url),
      settings: gateway,
      flags: gatewayFlags,
    },
  ]
  if (!alone)
    specs.push({ name: 'ingest', entry: new URL('../../ingest/main.ts', import.meta.url), settings: ingest })
  const supervisor = supervise(
    specs,
    createLog('supervisor', config.log.level),
    join(paths.run, 'compile-cache'),
  )
  const stop = () => void supervisor.stop()
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)

  try {
    const ready = await supervisor.ready()
    const mqtt = ready.gateway as Record<string, { host: string; port: number }>
    const http = String(ready.ingest?.http ?? ready.gateway?.http ?? '')
    const doors = Object.entries(mqtt).filter(([, address]) => typeof address === 'object')
    const lines = [
      `lintel ${version} is up`,
      ...doors.map(([name, { host, port }]) => `  MQTT (${name})  ${host}:${port}`),
      `  API         ${http}`,
      `  data        ${paths.root}`,
    ]
    output.say(lines.join('\n'), { version, pid: process.pid, mqtt, http, data: paths.root })
    if (options.demo) {
      const { runDemo } = await import('../demo.ts')
      const demo = runDemo({ data, config, mqtt: mqtt.tcp!, json })
      process.on('SIGTERM', demo.stop)
      process.on('SIGINT', demo.stop)
    }
  } catch {
    // The child has said why.
  }
  process.exitCode = await supervisor.ended
  lock.release()
}

function withAddresses(config: Config, { mqtt, http }: ServiceOptions): Config {
  return {
    ...config,
    ...(mqtt === undefined ? {} : { mqtt: { ...config.mqtt, tcp: parseAddress(mqtt, '--mqtt') } }),
    ...(http === undefined ? {} : { http: parseAddress(http, '--http') }),
  }
}

/** Readers cannot open what has never been written; the processes may come up in any order. */
async function prepareDatabases(state: string, journal: string, config: Config): Promise<void> {
  await openLmdbState({ directory: state }).close()
  await openWriter({ directory: journal, ...config.journal }).close()
}
