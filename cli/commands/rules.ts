import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseDocument } from 'yaml'
import { minuteMs } from '../../core/clock.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import { storedKinds } from '../../devices/contract/kinds.ts'
import { explain } from '../../ingest/detect/explain.ts'
import { replay } from '../../ingest/detect/replay.ts'
import { type Finding, type Language, languages } from '../../ingest/detect/rule.ts'
import {
  type ParameterSchema,
  parseRules,
  type RuleSettings,
  rangeOf,
} from '../../ingest/detect/rule-settings.ts'
import { rules } from '../../ingest/detect/rules.ts'
import { createOutput } from '../output.ts'
import { readRecording } from '../recording.ts'

interface RulesOptions {
  readonly rule?: string
  readonly rules?: string
  readonly site?: string
  readonly point?: string
  readonly lang: Language
  readonly json?: boolean
}
interface TestOptions extends RulesOptions {
  readonly device?: string
  readonly kind?: string
  readonly live?: boolean
  readonly then: number
}

export function addRulesCommands(program: Command): void {
  const group = program.command('rules').description('what is looked for, and what would have been found')
  const sub = (name: string, description: string, where: string) =>
    group
      .command(name)
      .description(description)
      .addOption(new Option('--rule <name>', 'only this one').choices(rules.map(({ name }) => name)))
      .option('--rules <file>', 'the parameters in force, YAML or JSON: see docs/rules.md')
      .option('--site <site>', where)
      .option('--point <building/point>', where)
      .addOption(
        new Option('--lang <language>', 'of titles and sentences').choices([...languages]).default('en'),
      )
      .option('--json', 'print JSON, one value a line')

  sub('show', 'the parameters in force at a place, and where each comes from', 'of this place alone').action(
    show,
  )
  sub(
    'test <files...>',
    'recorded events, JSON lines, and what the rules would have said of them; - is standard input',
    'where a line does not say it',
  )
    .option('--device <id>', 'whose events they are, where a line does not say it')
    .addOption(
      new Option('--kind <kind>', 'of exported rows, where a line does not say it').choices([...storedKinds]),
    )
    .option('--live', 'as if each had been received when it happened: what came late is judged, too')
    .option('--then <minutes>', 'let so much time go by after the last of them', toMinutes, 0)
    .action(test)
}

function show({ rule: wanted, rules: file, site, point, lang, json = false }: RulesOptions): void {
  const settings = readRules(file)
  const place = { ...(site === undefined ? {} : { site }), ...splitPoint(point) }
  const shown = rules.filter(({ name }) => wanted === undefined || name === wanted)
  const values = shown.flatMap(rule =>
    settings.effective(rule, place).map(({ parameter, value, from }) => {
      const schema = rule.parameters.properties[parameter] as ParameterSchema
      return { rule: rule.name, parameter, value, unit: schema.unit, from, range: rangeOf(schema), schema }
    }),
  )
  const rows = values.map(({ schema, unit, value, ...row }) => ({
    rule: row.rule,
    parameter: row.parameter,
    value: String(value),
    unit,
    from: row.from,
    range: row.range,
    meaning: lang === 'zh' ? schema.titleZh : schema.title,
  }))
  const output = createOutput(json)
  if (!json) output.table(rows)
  else for (const { schema, ...value } of values) output.say('', { ...value, default: schema.default })
}

async function test(files: string[], options: TestOptions): Promise<void> {
  const { rule: wanted, lang, json = false, then } = options
  const output = createOutput(json)
  const settings = readRules(options.rules)
  const recorded = await readRecording(files, { ...options, ...splitPoint(options.point) })
  const found: Finding[] = []
  for (const finding of replay(recorded, settings, then * minuteMs)) {
    if (wanted !== undefined && finding.rule !== wanted) continue
    found.push(finding)
    if (json) output.say('', { ...finding, en: explain(finding, 'en'), zh: explain(finding, 'zh') })
  }
  if (json) return
  output.table(
    found.map(finding => ({
      occurred: formatRfc3339(finding.occurredAt),
      received: formatRfc3339(finding.receivedAt),
      rule: finding.rule,
      kind: finding.kind,
      severity: finding.severity,
      says: explain(finding, lang),
    })),
  )
  const raised = found.filter(({ kind }) => kind === 'raised').length
  const cleared = found.length - raised
  const devices = new Set(recorded.map(({ device }) => device)).size
  output.say(
    `${recorded.length} records of ${devices} devices: ${raised} raised, ${cleared} cleared, ${raised - cleared} still raised`,
  )
}

/** Throws RULES_INVALID. */
function readRules(path: string | undefined): RuleSettings {
  if (path === undefined) return parseRules()
  const fault = (text: string) => new LintelError('RULES_INVALID', text.split('\n').map(line => `${path}: ${line}`).join('\n')) // biome-ignore format: one thing
  let value: unknown
  try {
    const document = parseDocument(readFileSync(path, 'utf8'))
    if (document.errors.length > 0)
      throw new Error(document.errors.map(({ message }) => message.split('\n')[0]).join('\n'))
    value = document.toJS()
  } catch (error) {
    throw fault(messageOf(error))
  }
  try {
    return parseRules(value)
  } catch (error) {
    throw fault(messageOf(error))
  }
}

function splitPoint(text: string | undefined): { building?: string; point?: string } {
  if (text === undefined) return {}
  const [building, point, ...rest] = text.split('/')
  if (!building || !point || rest.length > 0)
    throw new LintelError('RULES_INVALID', `--point must be BUILDING/POINT, such as b01/d01, not "${text}"`)
  return { building, point }
}

function toMinutes(text: string): number {
  const minutes = Number(text)
  if (!(minutes >= 0 && minutes <= 2 * 24 * 60))
    throw new InvalidArgumentError('it must be minutes, 2,880 at most')
  return minutes
}
