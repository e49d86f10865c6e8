import type { Command } from 'commander'
import { Temporal } from 'temporal-polyfill'
import { LintelError } from '../../core/errors.ts'
import { type FlowAnswer, measureNames, stepNames } from '../../flow/query.ts'
import { withOperations } from '../connect.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'
import { renderCsv, renderTable } from '../output.ts'

interface FlowOptions extends CommonOptions {
  readonly measure: string
  readonly from?: string
  readonly to?: string
  readonly every: string
  readonly by?: string
  readonly zone?: string
  readonly format: string
}

const formats = {
  table: (answer: FlowAnswer) => `${renderTable(toRows(answer))}\ntotal ${answer.total}\n`,
  csv: ({ by, rows, measure }: FlowAnswer) =>
    `${renderCsv(
      ['start', ...by, measure],
      rows.map(({ start, values, count }) => [start, ...values, count]),
    )}\r\n`,
  json: (answer: FlowAnswer) => `${JSON.stringify(answer)}\n`,
}

export function addFlowCommand(program: Command): void {
  withCommonOptions(program.command('flow'))
    .description('how many, where and when')
    .option('--measure <measure>', measureNames.join(', '), 'passages')
    .option('--from <time>', 'date or time, in the zone unless it has an offset (default: today)')
    .option('--to <time>', 'not included (default: tomorrow)')
    .option('--every <step>', stepNames.join(', '), '1h')
    .option('--by <dimensions>', 'site,building,point,device,direction,method,holder,class …')
    .option('--zone <zone>', 'IANA time zone (default: that of the configuration)')
    .option('--format <format>', Object.keys(formats).join(', '), 'table')
    .action(async (options: FlowOptions) => {
      const { data, config, json } = contextOf(options)
      const format = formats[(json ? 'json' : options.format) as keyof typeof formats]
      if (format === undefined)
        throw new LintelError(
          'FLOW_QUERY_INVALID',
          `format must be one of ${Object.keys(formats).join(', ')}`,
        )
      const zone = options.zone ?? config.zone
      const today = startOfToday(zone)
      const question = {
        measure: options.measure,
        from: options.from ?? today?.toString() ?? '',
        to: options.to ?? today?.add({ days: 1 }).toString() ?? '',
        every: options.every,
        by: options.by?.split(',').map(name => name.trim()) ?? [],
        zone,
      }
      const answer = await withOperations(data, config, 'store', operations => operations.flow(question))
      process.stdout.write(format(answer))
    })
}

/** Undefined for a zone that is none; the query then says so. */
function startOfToday(zone: string): Temporal.PlainDate | undefined {
  try {
    return Temporal.Now.plainDateISO(zone)
  } catch {
    return undefined
  }
}

function toRows({ by, rows, measure }: FlowAnswer) {
  return rows.map(({ start, values, count }) => ({
    start,
    ...Object.fromEntries(by.map((dimension, index) => [dimension, values[index]])),
    [measure]: count,
  }))
}
