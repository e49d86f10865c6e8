import { parseArgs } from 'node:util'
import { renderTable } from '../cli/output.ts'
import * as accuracy from './accuracy.ts'
import * as alerts from './alerts.ts'
import * as flowAlerts from './flow-alerts.ts'
import * as flowWatch from './flow-watch.ts'
import * as ids from './ids.ts'
import * as influx from './influx.ts'
import * as ingest from './ingest.ts'
import * as query from './query.ts'
import * as tagger from './tagger.ts'

interface Bench {
  readonly description: string
  /** Numbers by the name of their option, and the words that belong to no option. */
  run(options: Record<string, number>, operands: readonly string[]): Promise<Record<string, unknown>>
}

const benches: Record<string, Bench> = {
  accuracy,
  alerts,
  'flow-alerts': flowAlerts,
  'flow-watch': flowWatch,
  ids,
  influx,
  ingest,
  query,
  tagger,
}

const { values, positionals, tokens } = parseArgs({
  allowPositionals: true,
  strict: false,
  tokens: true,
  options: { json: { type: 'boolean' } },
})
const bench = benches[positionals[0] ?? '']
if (bench === undefined) {
  const list = Object.entries(benches).map(([name, { description }]) => `  ${name.padEnd(8)} ${description}`)
  console.error(`npm run bench -- NAME [--json]\n\n${list.join('\n')}`)
  process.exit(2)
}
// `--events 1000` and `--events=1000` alike: what follows an option without a value of its own is its value.
const options: Record<string, number> = {}
const operands: string[] = []
tokens.forEach((token, index) => {
  const before = tokens[index - 1]
  const follows = before?.kind === 'option' && before.name !== 'json' && before.value === undefined
  if (token.kind === 'option' && token.name !== 'json') options[token.name] = Number(token.value)
  else if (token.kind !== 'positional') return
  else if (follows) options[before.name] = Number(token.value)
  else operands.push(token.value)
})

const result = await bench.run(options, operands.slice(1))
/** Rows without a name are a table of their own. */
const isTable = (value: unknown): value is Record<string, unknown>[] =>
  Array.isArray(value) && value.length > 0 && !('name' in value[0])
const rows = Object.entries(result).flatMap(([name, value]) =>
  isTable(value)
    ? []
    : Array.isArray(value)
      ? value.map(row => ({
          figure: `${name}: ${row.name}`,
          value: JSON.stringify({ ...row, name: undefined }),
        }))
      : [{ figure: name, value }],
)
console.log(renderTable(rows))
for (const [name, value] of Object.entries(result))
  if (isTable(value)) console.log(`\n${name}\n${renderTable(value)}`)
if (values.json) console.log(JSON.stringify(result))
