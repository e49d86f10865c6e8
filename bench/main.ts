import { parseArgs } from 'node:util'
import { renderTable } from '../cli/output.ts'
import * as ingest from './ingest.ts'
import * as year from './year.ts'

const benches: Record<
  string,
  { description: string; run(options: Record<string, number>): Promise<Record<string, unknown>> }
> = { ingest, year }

const { values, positionals, tokens } = parseArgs({
  allowPositionals: true,
  strict: false,
  tokens: true,
  options: { json: { type: 'boolean' } },
})
const bench = benches[positionals[0] ?? '']
if (bench === undefined) {
  console.error(
    `npm run bench -- NAME [--json]\n\n${Object.entries(benches)
      .map(([name, { description }]) => `  ${name.padEnd(8)} ${description}`)
      .join('\n')}`,
  )
  process.exit(2)
}
// `--events 1000` and `--events=1000` alike.
const options: Record<string, number> = {}
tokens.forEach((token, index) => {
  if (token.kind !== 'option' || token.name === 'json') return
  const next = tokens[index + 1]
  const value = token.value ?? (next?.kind === 'positional' ? next.value : undefined)
  options[token.name] = Number(value)
})

const result = await bench.run(options)
const rows = Object.entries(result).flatMap(([name, value]) =>
  Array.isArray(value)
    ? value.map(row => ({
        figure: `${name}: ${row.name}`,
        value: JSON.stringify({ ...row, name: undefined }),
      }))
    : [{ figure: name, value }],
)
console.log(renderTable(rows))
if (values.json) console.log(JSON.stringify(result))
