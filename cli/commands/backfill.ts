import { createWriteStream } from 'node:fs'
import type { Command } from 'commander'
import { LintelError } from '../../core/errors.ts'
import { isZone } from '../../core/zone.ts'
import { eventTypes } from '../../devices/contract/kinds.ts'
import { backfillFile } from '../backfill/backfill-file.ts'
import { fileFormat } from '../export/file-format.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'
import { note } from '../output.ts'

interface BackfillCommandOptions extends CommonOptions {
  readonly device?: string
  readonly type?: string
  readonly zone?: string
  readonly format?: string
  readonly report?: string
  readonly dryRun?: boolean
}

/** Most faults printed immediately; the report has all. */
const maxTold = 20
const formats = ['csv', 'jsonl'] as const

export function addBackfillCommand(program: Command): void {
  withCommonOptions(program.command('backfill <file>'))
    .description('events from before, however old, from a CSV or JSON lines')
    .option('--device <id>', 'whose they are, where a row does not say')
    .option('--type <type>', `${eventTypes.join(', ')}: where a row does not say`)
    .option('--zone <zone>', 'IANA time zone of times without an offset, which are refused otherwise')
    .option('--format <format>', `${formats.join(', ')} (default: by the name of the file)`)
    .option('--report <file>', 'every row that is wrong, as JSON lines: line, code, reason')
    .option('--dry-run', 'say what is wrong, store nothing')
    .action(run)
}

async function run(path: string, options: BackfillCommandOptions): Promise<void> {
  const { output, json, ask } = contextOf(options)
  const { device, type, zone, dryRun = false } = options
  const format = fileFormat({ file: path, given: options.format, formats, fallback: 'jsonl' })
  if (zone !== undefined && !isZone(zone))
    throw new LintelError('CONFIG_INVALID', '--zone must be an IANA time zone such as Asia/Shanghai')
  const report = options.report === undefined ? undefined : createWriteStream(options.report)
  const isShown = !json && process.stderr.isTTY
  let told = 0
  const done = await ask('registry', operations =>
    backfillFile(operations, {
      path,
      format,
      device,
      type,
      zone,
      dryRun,
      onNote: ({ line, text }) => note(`line ${line}: ${text}`),
      onFault: fault => {
        report?.write(`${JSON.stringify(fault)}\n`)
        if (told++ < maxTold) note(`line ${fault.line}: ${fault.code}: ${fault.reason}`)
      },
      onPart: ({ rows, faults }) => {
        if (isShown) process.stderr.write(`\r${rows} rows, ${faults} wrong `)
      },
    }),
  )
  if (isShown) process.stderr.write('\r\x1b[K')
  if (report !== undefined) await new Promise(resolve => report.end(resolve))
  if (told > maxTold) note(`and ${told - maxTold} more: --report FILE has them all`)
  const verb = dryRun ? 'could be stored' : 'stored'
  output.say(
    `${done.rows} rows: ${done.stored} ${verb}, ${done.duplicate} known already, ${done.faults} wrong`,
    { ...done, dryRun },
  )
  if (done.faults > 0) process.exitCode = 1
}
