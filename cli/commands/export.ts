import { once } from 'node:events'
import type { Command } from 'commander'
import { Temporal } from 'temporal-polyfill'
import { exportFormatNames } from '../../flow/export/formats.ts'
import { scanKinds, scanPlaceColumns } from '../../ingest/store/scan.ts'
import { download } from '../export/download.ts'
import { type DraftFile, openDraft } from '../export/file.ts'
import { assertBomFits, fileFormat } from '../export/file-format.ts'
import { rangeOf } from '../flow/ask.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'
import { note } from '../output.ts'
import { createProgressBar } from '../progress-bar.ts'

interface ExportOptions extends CommonOptions {
  readonly kind: string
  readonly from?: string
  readonly to?: string
  readonly last?: string
  readonly zone?: string
  readonly format?: string
  readonly columns?: string
  readonly out: string
  readonly cursor?: string
  readonly bom?: boolean
  readonly force?: boolean
  readonly site?: string
  readonly building?: string
  readonly point?: string
  readonly device?: string
}

const listOf = (names: string) => names.split(',').map(name => name.trim())

export function addExportCommand(program: Command): void {
  const command = withCommonOptions(program.command('export'))
    .description('single events as a file, for accounts that may see them one by one')
    .option('--kind <kind>', scanKinds.join(', '), 'passage')
    .option('--from <time>', 'date or time, in the zone unless it has an offset (default: today)')
    .option('--to <time>', 'not included (default: tomorrow)')
    .option('--last <time>', 'instead of both: 12h, 7d, 4w, 3M, 1y, today included')
    .option('--format <format>', `${exportFormatNames.join(', ')} (default: by the name of the file)`)
    .requiredOption('--out <file>', 'where to; - for standard output')
    .option('--columns <names>', 'only these, in this order')
    .option('--zone <zone>', 'IANA time zone (default: that of the configuration)')
    .option('--cursor <cursor>', 'goes on behind an export of the same: as it printed')
    .option('--bom', 'a byte order mark before a CSV: by it Excel knows UTF-8')
    .option('--force', 'overwrite a file that is there')
  for (const name of scanPlaceColumns) command.option(`--${name} <names>`, `only of these, such as a,b`)
  command.action(run)
}

async function run(options: ExportOptions): Promise<void> {
  const { config, output, json, ask } = contextOf(options)
  const { kind, columns, out, cursor, bom, force = false, zone = config.zone } = options
  const format = fileFormat({ file: out, given: options.format, formats: exportFormatNames, fallback: 'csv' })
  assertBomFits(bom, format)
  const where = scanPlaceColumns.flatMap(name =>
    options[name] === undefined ? [] : [[name, listOf(options[name])] as const],
  )
  const question = {
    kind,
    format,
    zone,
    ...rangeOf(options, zone, Temporal.Now.instant()),
    columns: columns === undefined ? undefined : listOf(columns),
    where: Object.fromEntries(where),
    cursor,
    bom,
  }
  const isPiped = out === '-'
  const file = isPiped ? standardOutput() : await openDraft(out, force)
  const bar = createProgressBar(json || isPiped)
  try {
    const done = await ask('store', operations =>
      isPiped
        ? pipe(operations.exportRows, question, file)
        : download(operations, question, file, {
            onRows: (rows, expected) => bar.show(rows / expected, `${rows} of ${expected} rows`),
            onRetry: error => note(`\n${error.message}; going on from the last whole part`),
          }),
    )
    await file.finish()
    bar.stop()
    if (!isPiped)
      output.say(
        `${done.rows} rows are in ${out}${done.cursor === undefined ? '' : `; --cursor ${done.cursor} goes on behind them`}`,
        { file: out, ...done },
      )
  } finally {
    bar.stop()
    await file.close()
  }
}

/** In one piece: bytes written to a pipe cannot be taken back. */
async function pipe(
  exportRows: Parameters<typeof download>[0]['exportRows'],
  question: Parameters<typeof download>[1],
  file: DraftFile,
) {
  const part = await exportRows(question)
  for await (const bytes of part.bytes) await file.write(bytes)
  return part.progress()
}

function standardOutput(): DraftFile {
  const nothing = async () => {}
  return {
    async write(bytes) {
      if (!process.stdout.write(bytes)) await once(process.stdout, 'drain')
    },
    keep() {},
    takeBack: nothing,
    finish: nothing,
    close: nothing,
  }
}
