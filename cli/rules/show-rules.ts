import type { Language } from '../../alerts/rules/rule.ts'
import { describeRules, type RuleDescription } from '../../alerts/rules/rule-description.ts'
import { rangeOf } from '../../alerts/rules/rule-settings.ts'
import { type CommonOptions, contextOf } from '../options.ts'
import { note, type Output } from '../output.ts'
import { readRulesFile } from './rules-file.ts'
import { type PlaceOptions, placeWithin } from './rules-place.ts'

export interface ShowOptions extends CommonOptions, PlaceOptions {
  readonly rule?: string
  readonly rules?: string
  readonly lang: Language
}

/** Shows the parameters in force at a place: in the service, or by a file. */
export async function showRules({ rule, rules: file, lang, ...options }: ShowOptions): Promise<void> {
  const { ask, output, json } = contextOf(options)
  const place = placeWithin(options)
  if (file !== undefined) {
    const { settings } = readRulesFile(file).meaning
    print(describeRules(settings, place, rule), lang, output)
    return
  }
  const query = { ...place, ...(rule === undefined ? {} : { rule }) }
  const { rules, warnings } = await ask('registry', operations => operations.rulesAt(query))
  print(rules, lang, output)
  // On standard error, so that the output stays one JSON value.
  if (json) for (const warning of warnings) note(`warning: ${warning}`)
  else for (const warning of warnings) output.say(`warning: ${warning}`)
}

function print(rules: readonly RuleDescription[], lang: Language, output: Output): void {
  const rows = rules.flatMap(({ rule, parameters }) =>
    parameters.map(parameter => {
      const { parameter: name, value, unit, from, title, default: usual } = parameter
      return { rule, parameter: name, value, unit, from, range: rangeOf(parameter), default: usual, title }
    }),
  )
  output.table(
    rows.map(({ default: _, title, ...row }) => ({
      ...row,
      value: String(row.value),
      meaning: title[lang],
    })),
    rows.map(({ title: _, ...row }) => row),
  )
}
