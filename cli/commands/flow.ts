import type { Command } from 'commander'
import { Temporal } from 'temporal-polyfill'
import { LintelError } from '../../core/errors.ts'
import { comparisons, stepNames } from '../../flow/calendar.ts'
import { arrow } from '../../flow/export/arrow.ts'
import { tableOfFlow } from '../../flow/export/export-flow.ts'
import { parquet } from '../../flow/export/parquet.ts'
import { measureNames } from '../../flow/measures.ts'
import { openDraft } from '../export/file.ts'
import { assertBomFits, fileFormat } from '../export/file-format.ts'
import { type AskOptions, toQuestion } from '../flow/ask.ts'
import { formats, notesOf } from '../flow/formats.ts'
import { sentencesFor } from '../flow/language.ts'
import { plotAnswer } from '../flow/plot.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'
import { note, printText } from '../output.ts'

interface FlowOptions extends CommonOptions, AskOptions {
  readonly out?: string
  readonly force?: boolean
  readonly format?: string
  readonly bom?: boolean
  readonly plot?: boolean
}

/** Formats that are not text. */
const fileFormats = { parquet, arrow }
const formatNames = [...Object.keys(formats), ...Object.keys(fileFormats)]

const collect = (value: string, known: readonly string[]) => [...known, value]

export function addFlowCommand(program: Command): void {
  withCommonOptions(program.command('flow'))
    .description('how many, where and when')
    .option('--measure <measure>', measureNames.join(', '), 'passages')
    .option('--from <time>', 'date or time, in the zone unless it has an offset (default: today)')
    .option('--to <time>', 'not included (default: tomorrow)')
    .option('--last <time>', 'instead of both: 12h, 7d, 4w, 3M, 1y, today included; yesterday, week, month, year: the last that is over')
    .option('--every <step>', `${stepNames.join(', ')} (default: 1h, or all by hour or weekday)`)
    .option('--by <dimensions>', 'site, building (with its site), point, device, direction, method, holder, class, hour-of-day …')
    .option('--where <dimension=values>', 'only these, such as site=a,b or day-of-week=1,2,3,4,5; repeat for more', collect, []) // biome-ignore format: one line
    .option('--fill <fill>', 'none, or zero: a row for each step and group')
    .option('--compare <earlier>', `held against ${comparisons.join(', ')}`)
    .option('--top <n>', 'only so many groups, those with the most')
    .option('--share', 'with the part that each row is of its step')
    .option('--mean', 'with what each row is a day, in the mean of the days that are over')
    .option('--zone <zone>', 'IANA time zone (default: that of the configuration)')
    .option('--format <format>', `${formatNames.join(', ')} (default: by the name of the file, else table)`)
    .option('--out <file>', 'into a file; needed for parquet and arrow')
    .option('--bom', 'a byte order mark before a CSV: by it Excel knows UTF-8')
    .option('--force', 'overwrite a file that is there')
    .option('--plot', 'draw it: a line for each group, a map of hours by weekdays')
    .action(async (options: FlowOptions) => {
      const { ask, config } = contextOf(options)
      const name = formatOf(options)
      const format = Object.hasOwn(formats, name) ? formats[name] : undefined
      if (format === undefined && options.out === undefined)
        throw new LintelError('FLOW_QUERY_INVALID', `--format ${name} needs --out FILE`)
      if (options.plot && name !== 'table')
        throw new LintelError('FLOW_QUERY_INVALID', `--plot goes without a format: it draws for people`)
      // A plot needs every step.
      const fill = options.fill ?? (options.plot ? 'zero' : undefined)
      const asked = { ...options, ...(fill === undefined ? {} : { fill }) }
      const question = toQuestion(asked, config.zone, Temporal.Now.instant())
      const isFile = options.out !== undefined || name === 'csv' || name === 'jsonl'
      const answer = await ask('store', operations =>
        isFile ? operations.flow(question, name) : operations.flow(question),
      )
      const say = sentencesFor(process.env)
      const mark = options.bom ? '\ufeff' : ''
      const canvas = {
        columns: process.stdout.columns ?? 100,
        colours: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
      }
      // A file of numbers has no place for notes; JSON contains its own.
      if (name !== 'json' && (format === undefined || isFile))
        for (const line of notesOf(answer, say)) note(line)
      if (options.out === undefined) {
        printText(options.plot ? plotAnswer(answer, say, canvas) : mark + format!(answer, say))
        return
      }
      const file = await openDraft(options.out, options.force ?? false)
      const bytes = format
        ? [Buffer.from(mark + format(answer, say))]
        : fileFormats[name as 'parquet'].encode(tableOfFlow(answer))
      for await (const piece of bytes) await file.write(piece)
      await file.finish()
    })
}

/** Throws CONFIG_INVALID if the options and the file name disagree. */
function formatOf({ json = false, format, out, bom }: FlowOptions): string {
  if (json && format !== undefined && format !== 'json')
    throw new LintelError('CONFIG_INVALID', `--json and --format ${format} do not go together: give one`)
  const name = fileFormat({
    file: out,
    given: json ? 'json' : format,
    ...(json ? { option: '--json' } : {}),
    formats: formatNames,
    fallback: 'table',
  })
  assertBomFits(bom, name)
  return name
}
