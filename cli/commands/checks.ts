import type { Command } from 'commander'
import type { Config } from '../../config/config.ts'
import { systemClock } from '../../core/clock.ts'
import { type DataPaths, dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { codeOf, LintelError, messageOf } from '../../core/errors.ts'
import { answers } from '../connect.ts'
import { lookAtData } from '../data-place.ts'
import { askService } from '../doctor/ask-service.ts'
import { configFindings, plaintextFindings } from '../doctor/config-findings.ts'
import { configSummary } from '../doctor/config-summary.ts'
import { readWhole, setAside } from '../doctor/data-files.ts'
import type { Finding } from '../doctor/finding.ts'
import { fileSystem, flushSpeed, freeSpace, nodeVersion, port } from '../doctor/machine.ts'
import { namedFileFaults, unreadableFiles } from '../doctor/named-files.ts'
import { clockFinding, clockOfDirectory, notUp } from '../doctor/service.ts'
import { type CommonOptions, contextOf, withLocalOptions } from '../options.ts'
import { note } from '../output.ts'

export function addCheckCommands(program: Command): void {
  withLocalOptions(program.command('check-config'))
    .description('read the configuration and the files that it names; exits 78 if something is wrong')
    .option('--full', 'print every setting that is in force, as --json does')
    .option('--no-files', 'leave out the files that it names, which may be on another machine')
    .action((options: CommonOptions & { full?: boolean; files: boolean }) => {
      const { config: file = 'the defaults' } = options
      const { config, output } = contextWithFiles(options)
      const problems = options.files ? namedFileFaults(config) : []
      if (problems.length > 0)
        throw new LintelError('CONFIG_INVALID', problems.map(problem => `${file}: ${problem}`).join('\n'))
      const findings = options.files ? configFindings(config, systemClock()) : plaintextFindings(config)
      for (const { check, result, finding } of findings)
        if (result !== 'ok') note(`${result}: ${check}: ${finding}`)
      const lines = options.full ? JSON.stringify(config, null, 2).split('\n') : configSummary(config)
      output.say([...(options.full ? [] : [`${file}: ok`]), ...lines], config)
    })
  withLocalOptions(program.command('doctor'))
    .description('look at this machine and its service; exits 1 if something has to be mended')
    .option('--deep', 'read the data files whole, while the service is stopped')
    .action(async (options: CommonOptions & { deep?: boolean }) => {
      const { data, config, output } = contextOf(options)
      const paths = dataPaths(data)
      const findings = [
        ...(await examine(paths, config)),
        ...setAside(paths),
        ...(options.deep ? readWhole(paths) : []),
      ]
      output.table(
        findings.map(({ result, check, finding }) => ({ result, check, finding })),
        findings,
      )
      if (findings.some(({ result }) => result === 'problem')) process.exitCode = 1
    })
}

/** Throws CONFIG_INVALID with unreadable files in addition to other faults. */
function contextWithFiles(options: CommonOptions & { files: boolean }) {
  try {
    return contextOf(options)
  } catch (error) {
    const { config: file, files } = options
    if (codeOf(error) !== 'CONFIG_INVALID' || file === undefined || !files) throw error
    const unreadable = unreadableFiles(file).map(fault => `${file}: ${fault}`)
    throw new LintelError('CONFIG_INVALID', [messageOf(error), ...unreadable].join('\n'), { cause: error })
  }
}

/** Creates nothing: for an empty directory it only checks the machine. Throws CONFIG_INVALID as `lookAtData` does. */
async function examine(paths: DataPaths, config: Config): Promise<Finding[]> {
  const place = lookAtData(paths)
  const findings: Finding[] = [
    nodeVersion(),
    {
      check: 'data directory',
      result: 'ok',
      finding: place === 'data' ? paths.root : `${paths.root}: empty, lintel up begins in it`,
    },
    await freeSpace(paths.root, config.journal.reserveBytes),
    await fileSystem(paths.root),
    flushSpeed(paths.root),
    ...namedFileFaults(config).map(
      (finding): Finding => ({ check: 'configuration', result: 'problem', finding }),
    ),
    ...configFindings(config, systemClock()),
  ]
  const endpoint = findEndpoint(paths, 'api')
  if (endpoint !== undefined && (await answers(endpoint)))
    return [
      ...findings,
      { check: 'service', result: 'ok', finding: `up at ${endpoint.url}` },
      ...(await askService(endpoint, config)).findings,
    ]
  findings.push(clockFinding(clockOfDirectory(paths), config))
  if (place === 'data') findings.push(notUp(paths))
  if (config.mqtt.tcp) findings.push(await port('mqtt.tcp', config.mqtt.tcp))
  findings.push(await port('http', config.http))
  return findings
}
