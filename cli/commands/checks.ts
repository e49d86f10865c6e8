import { closeSync, existsSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Command } from 'commander'
import { createRemoteOperations } from '../../api/operations/remote-operations.ts'
import { systemClock } from '../../core/clock.ts'
import type { Config } from '../../core/config.ts'
import {
  type DataPaths,
  dataPaths,
  type Endpoint,
  findEndpoint,
  lmdbDirectories,
  prepareDataDirectory,
} from '../../core/data-directory.ts'
import { codeOf, LintelError, messageOf } from '../../core/errors.ts'
import { openPageFile } from '../../core/lmdb-file/pages.ts'
import { dataFile, setAsideIn } from '../../core/lmdb-file/set-aside.ts'
import { lockDataDirectory } from '../../core/lock.ts'
import { checkState } from '../../core/state/mend-state.ts'
import { openClockFile } from '../../core/trusted-time/clock-file.ts'
import { beginLine } from '../../core/trusted-time/line.ts'
import { systemRunningTime } from '../../core/trusted-time/running-time.ts'
import type { ClockView } from '../../core/trusted-time/trusted-time.ts'
import { checkJournal } from '../../gateway/journal/check-journal.ts'
import { ruleNames } from '../../ingest/detect/rule-description.ts'
import { channelFaults } from '../../ingest/notify/read-channels.ts'
import { answers } from '../connect.ts'
import { type CommonOptions, contextOf, withLocalOptions } from '../options.ts'
import { textOf } from './clock.ts'

interface Finding {
  readonly check: string
  readonly result: 'ok' | 'warning' | 'problem'
  readonly finding: string
}

export function addCheckCommands(program: Command): void {
  withLocalOptions(program.command('check-config'))
    .description('read the configuration, print what is in force, and exit')
    .action((options: CommonOptions) => {
      const { config, output } = contextOf(options)
      const problems = channelFaults(config.alerts.channels, ruleNames)
      if (problems.length > 0)
        throw new LintelError(
          'CONFIG_INVALID',
          problems.map(problem => `${options.config}: ${problem}`).join('\n'),
        )
      output.say(JSON.stringify(config, null, 2).split('\n'), config)
    })
  withLocalOptions(program.command('doctor'))
    .description('look at this machine and its service; exits 1 if something has to be mended')
    .option('--deep', 'read the data files whole, while the service is stopped')
    .action(async (options: CommonOptions & { deep?: boolean }) => {
      const { data, config, output } = contextOf(options)
      const findings = [
        ...(await examine(data, config)),
        ...setAside(dataPaths(data)),
        ...(options.deep ? readWhole(dataPaths(data)) : []),
      ]
      output.table(
        findings.map(({ result, check, finding }) => ({ result, check, finding })),
        findings,
      )
      if (findings.some(({ result }) => result === 'problem')) process.exitCode = 1
    })
}

async function examine(data: string, config: Config): Promise<Finding[]> {
  const paths = dataPaths(data)
  const findings: Finding[] = [nodeVersion()]
  try {
    prepareDataDirectory(paths)
  } catch (error) {
    return [...findings, { check: 'data directory', result: 'problem', finding: messageOf(error) }]
  }
  findings.push({ check: 'data directory', result: 'ok', finding: paths.root })
  findings.push(
    await freeSpace(paths.root, config.journal.reserveBytes),
    await fileSystem(paths.root),
    flushSpeed(paths.root),
  )
  const endpoint = findEndpoint(paths, 'api')
  const up = endpoint !== undefined && (await answers(endpoint))
  if (up)
    return [
      ...findings,
      { check: 'service', result: 'ok', finding: `up at ${endpoint.url}` },
      ...(await readings(endpoint, config)),
      ...(await statusOf(endpoint, config)),
    ]
  findings.push(clockFinding(clockOfDirectory(paths), config))
  findings.push(notUp(() => lockDataDirectory(paths, 'service').release()))
  if (config.mqtt.tcp) findings.push(await port('mqtt.tcp', config.mqtt.tcp))
  findings.push(await port('http', config.http))
  return findings
}

function setAside(paths: DataPaths): Finding[] {
  return lmdbDirectories(paths)
    .flatMap(setAsideIn)
    .map(path => ({
      check: 'data files',
      result: 'warning',
      finding: `one was damaged and has been rebuilt: ${join(path, 'report.json')} says what is lost; delete the directory when you have looked at it`,
    }))
}

/** Nothing is changed: what is damaged is rebuilt at the next start. */
function readWhole(paths: DataPaths): Finding[] {
  const check = 'data files'
  let locks: { release(): void }[]
  try {
    const names = ['service', 'journal', 'state', 'snapshots', 'uplink'] as const
    locks = names.map(name => lockDataDirectory(paths, name))
  } catch {
    return [
      { check, result: 'warning', finding: 'they are in use: stop the service to have them read whole' },
    ]
  }
  try {
    return lmdbDirectories(paths).map((directory): Finding => {
      const [first, ...others] = faultsOf(directory, directory === paths.journal)
      if (first === undefined) return { check, result: 'ok', finding: `${directory}: every page is whole` }
      const more = others.length === 0 ? '' : `, and ${others.length} more`
      return { check, result: 'problem', finding: `${directory}: ${first}${more}; the next start sees to it` }
    })
  } finally {
    for (const lock of locks) lock.release()
  }
}

function faultsOf(directory: string, isJournal: boolean): readonly string[] {
  const path = join(directory, dataFile)
  if (!existsSync(path)) return []
  const file = openPageFile(path)
  try {
    if (!isJournal) return checkState(file).faults
    const { faults, damagedBlocks } = checkJournal(file)
    return damagedBlocks === 0
      ? faults
      : [...faults, `${damagedBlocks} blocks hold other bytes than were written`]
  } finally {
    file.close()
  }
}

function nodeVersion(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  const finding = `Node ${process.versions.node}`
  if (major === 24) return { check: 'runtime', result: 'ok', finding }
  return {
    check: 'runtime',
    result: 'warning',
    finding: `${finding}; lintel is tested with Node 24: start it as ./cli/lintel or by npm`,
  }
}

async function freeSpace(root: string, reserveBytes: number): Promise<Finding> {
  const { bavail, bsize } = await statfs(root)
  const free = bavail * bsize
  const finding = `${gigabytes(free)} free, ${gigabytes(reserveBytes)} are kept in reserve`
  if (free < reserveBytes)
    return {
      check: 'free space',
      result: 'problem',
      finding: `${finding}: devices are refused until there is more`,
    }
  return { check: 'free space', result: free < 4 * reserveBytes ? 'warning' : 'ok', finding }
}

/** Magic numbers of statfs(2); the journal maps its file into memory, which no network file system keeps coherent. */
const networkFileSystems = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
])

async function fileSystem(root: string): Promise<Finding> {
  const { type } = await statfs(root)
  const name = networkFileSystems.get(type)
  if (name === undefined)
    return { check: 'file system', result: 'ok', finding: `local (type 0x${type.toString(16)})` }
  return {
    check: 'file system',
    result: 'problem',
    finding: `${name}: put the data directory on a local disk`,
  }
}

function flushSpeed(root: string): Finding {
  const path = join(root, 'doctor.tmp')
  const file = openSync(path, 'w')
  const times: number[] = []
  try {
    for (let i = 0; i < 20; i++) {
      const started = performance.now()
      writeSync(file, Buffer.alloc(4096, i))
      fdatasyncSync(file)
      times.push(performance.now() - started)
    }
  } finally {
    closeSync(file)
    rmSync(path)
  }
  const median = times.sort((a, b) => a - b)[10]!
  const finding = `a flush takes ${median.toFixed(1)} ms (median of 20)`
  if (median < 0.05)
    return {
      check: 'disk',
      result: 'warning',
      finding: `${finding}: so fast that it may not reach the disk at all`,
    }
  return {
    check: 'disk',
    result: median > 50 ? 'warning' : 'ok',
    finding: median > 50 ? `${finding}: acks will be slow` : finding,
  }
}

function notUp(lock: () => void): Finding {
  try {
    lock()
    return { check: 'service', result: 'ok', finding: 'not running' }
  } catch (error) {
    const isTaken = codeOf(error) === 'DATA_LOCKED'
    const finding = isTaken ? 'running but not answering: see its log' : messageOf(error)
    return { check: 'service', result: 'problem', finding }
  }
}

async function port(name: string, { host, port: number }: { host: string; port: number }): Promise<Finding> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', error =>
      resolve({
        check: name,
        result: 'problem',
        finding: `${host}:${number} cannot be used: ${error.message}`,
      }),
    )
    server.listen(number, host, () =>
      server.close(() => resolve({ check: name, result: 'ok', finding: `${host}:${number} is free` })),
    )
  })
}

/** What takes somebody to act, as the service tells it. */
async function statusOf(endpoint: Endpoint, config: Config): Promise<Finding[]> {
  const { clock, heldDeletions } = await createRemoteOperations(endpoint).status()
  const held = heldDeletions.map(
    ({ kind, expected, of }): Finding => ({
      check: 'retention',
      result: 'problem',
      finding: `${expected} of ${of} rows of ${kind} would be deleted at once: if that is meant, lintel retention allow ${kind}`,
    }),
  )
  return [clockFinding(clock, config), ...held]
}

function clockOfDirectory({ clock }: DataPaths): ClockView {
  const running = systemRunningTime()
  const reading = { systemAt: systemClock(), upMs: running.upMs(), boot: running.boot }
  const { at, doubt } = beginLine(openClockFile(clock).read(), reading)
  const { systemAt } = reading
  return doubt === undefined
    ? { state: 'sure', at: systemAt, systemAt }
    : { state: 'in-doubt', at: Math.floor(at), systemAt, why: doubt.why }
}

function clockFinding(clock: ClockView, { zone }: Config): Finding {
  const finding = textOf(clock, zone)
  if (clock.state === 'sure') return { check: 'clock', result: 'ok', finding }
  return {
    check: 'clock',
    result: 'problem',
    finding: `${finding}; nothing is deleted by age until it is set right, or until lintel clock trust`,
  }
}

const lagWarning = 100_000
/** A part that says nothing for so long hangs; Prometheus asks every 15 s. */
const silentS = 60

/** It answers within a second, whatever hangs. */
const metricsWaitMs = 5000

async function readings({ url, token }: { url: string; token: string }, config: Config): Promise<Finding[]> {
  const headers = { authorization: `Bearer ${token}` }
  const signal = AbortSignal.timeout(metricsWaitMs)
  const text = await fetch(`${url}/metrics`, { headers, signal })
    .then(answer => answer.text())
    .catch(() => '')
  const value = (name: string) =>
    Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN)
  const behind = value('lintel_consumer_lag')
  if (Number.isNaN(behind))
    return [
      {
        check: 'gateway',
        result: 'problem',
        finding: 'it does not answer: devices may not be able to connect',
      },
    ]
  const findings: Finding[] = [
    { check: 'gateway', result: 'ok', finding: `${value('lintel_connected_devices')} devices connected` },
  ]
  for (const [, consumer, lag] of text.matchAll(/^lintel_consumer_lag\{consumer="(\w+)"\} (\d+)/gm)) {
    const finding = `${lag} records behind the journal`
    findings.push({ check: consumer!, result: Number(lag) > lagWarning ? 'warning' : 'ok', finding })
  }
  for (const [, part, age] of text.matchAll(/^lintel_metrics_age_seconds\{part="(\w+)"\} (\S+)/gm)) {
    if (!(Number(age) > silentS)) continue
    const finding = `it has not answered for ${Math.round(Number(age))} s: see the log`
    findings.push({ check: part!, result: 'problem', finding })
  }
  const looking = value('lintel_tagger_workers_ready')
  if (config.tagger.workers > 0 && !(looking > 0))
    findings.push({
      check: 'tagger',
      result: 'warning',
      finding: 'nobody looks at pictures: workers are starting, or the log says why not',
    })
  else if (value('lintel_tagger_backlog') >= config.tagger.maxBacklog / 2)
    findings.push({ check: 'tagger', result: 'warning', finding: 'more pictures come than it can look at' })
  if (config.uplink !== undefined) findings.push(uplink(value))
  findings.push(...store(value))
  if (value('lintel_journal_refusing') === 1)
    findings.push({
      check: 'journal',
      result: 'problem',
      finding: 'it refuses devices: it or its disk is full',
    })
  return findings
}

function store(value: (name: string) => number): Finding[] {
  const missing = value('lintel_store_missing_rows') || 0
  const freed = value('lintel_store_freed_positions_total') || 0
  if (missing + freed > 0) {
    const finding = `${missing + freed} rows were lost with the store and are not in the journal any more: lintel ledger says since when`
    return [{ check: 'store', result: 'problem', finding }]
  }
  if (!(value('lintel_journal_forks_total') > 0)) return []
  const finding =
    'the journal was replaced by an older copy of itself: what came after the copy is in the store alone'
  return [{ check: 'journal', result: 'warning', finding }]
}

function uplink(value: (name: string) => number): Finding {
  if (value('lintel_uplink_refused') === 1)
    return { check: 'uplink', result: 'problem', finding: 'the centre refuses something: the log says what' }
  if (value('lintel_uplink_connected') === 1) return { check: 'uplink', result: 'ok', finding: 'connected' }
  return { check: 'uplink', result: 'problem', finding: 'not connected to the centre: the log says why' }
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
