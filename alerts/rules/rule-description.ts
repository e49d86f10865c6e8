import type { FindingPlace, Scope, Text } from './rule.ts'
import type { Origin, ParameterSchema, Range, RuleSettings } from './rule-settings.ts'
import { describedRules } from './rules.ts'

/** A rule at a place, with everything a form needs. */
export interface RuleDescription {
  readonly rule: string
  readonly scope: Scope
  readonly title: Text
  readonly about: Text
  readonly parameters: readonly ParameterDescription[]
}

/** `type` is absent for a word, which is one of `enum`. */
export interface ParameterDescription extends Range {
  readonly parameter: string
  readonly title: Text
  /** Set if it cannot differ between the points of a site. */
  readonly of?: 'site'
  readonly default: unknown
  readonly value: unknown
  /** The layer that sets the value. */
  readonly from: Origin
}

export const ruleNames: readonly string[] = describedRules.map(({ name }) => name)

/** Describes all rules, or the wanted one, with the parameters in force at a place. */
export function describeRules(
  settings: RuleSettings,
  place: FindingPlace,
  wanted?: string,
): RuleDescription[] {
  const shown = describedRules.filter(({ name }) => wanted === undefined || name === wanted)
  return shown.map(rule => ({
    rule: rule.name,
    scope: rule.scope,
    title: rule.title,
    about: rule.about,
    parameters: settings.effective(rule, place).map(({ parameter, value, from }) => {
      const schema = rule.parameters.properties[parameter] as ParameterSchema
      const { title, titleZh, unit, type, enum: words, minimum, maximum, of } = schema
      return {
        parameter,
        title: { en: title, zh: titleZh },
        ...(words === undefined ? { type: type! } : { enum: words }),
        ...(minimum === undefined ? {} : { minimum }),
        ...(maximum === undefined ? {} : { maximum }),
        unit,
        ...(of === undefined ? {} : { of }),
        default: schema.default,
        value,
        from,
      }
    }),
  }))
}
