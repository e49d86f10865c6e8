import type { Described, Ending, Finding, FindingPlace, Language, Parts, Text } from './rule.ts'
import { describedRules } from './rules.ts'
import { chinese, endings, english } from './words.ts'

const byName = new Map(describedRules.map(rule => [rule.name, rule]))

/** Data for a sentence. */
export interface Told {
  readonly rule: string
  readonly place: FindingPlace
  readonly parts: Parts
}

/** Text for people on duty about a finding: what happened, where, and what to do; or how it ended. */
export function explain(
  { kind, ending, ...told }: Told & Pick<Finding, 'kind' | 'ending'>,
  language: Language,
): string {
  if (kind === 'raised') return sentences([happened(told, language), adviceOf(told.rule, language)], language)
  const rule = byName.get(told.rule)
  if (rule === undefined) return told.rule
  const text = isOver(ending) ? rule.cleared[language] : `{place}: ${endings[ending][language]}`
  return markOf(told, language) + fill(text, told, language)
}

/** Advice for people on duty; empty for an unknown rule, such as one of an older version. */
export const adviceOf = (rule: string, language: Language): string => byName.get(rule)?.advice[language] ?? ''

/** A sentence about what happened and where, also once it is over. For an unknown rule, only its name. */
export function happened(told: Told, language: Language): string {
  const rule = byName.get(told.rule)
  const says = rule === undefined ? told.rule : fill(rule.raised[language], told, language)
  return markOf(told, language) + says
}

/** Prefix for faults that a demo stages in the service itself. */
const ofDemo: Text = { en: '[demo] ', zh: '【演示】' }
const markOf = ({ parts }: Told, language: Language) => (parts.scene === 'demo' ? ofDemo[language] : '')

/** How it ended, without the place, to follow what happened. Empty for an unknown rule. */
export function ended(told: Told & { readonly ending?: Ending | undefined }, language: Language): string {
  const rule = byName.get(told.rule)
  if (rule === undefined) return ''
  const text = isOver(told.ending) ? endOf(rule, language) : endings[told.ending][language]
  return fill(text, told, language)
}

/** Joins sentences and skips empty ones. */
export const sentences = (parts: readonly string[], language: Language): string =>
  parts.filter(part => part !== '').join(language === 'zh' ? '' : ' ')

const isOver = (ending: Ending | undefined): ending is 'over' | undefined =>
  ending === undefined || ending === 'over'

/** Turns `{place}: the door is closed.` into `The door is closed.` Names of devices keep their case. */
const endOf = ({ cleared }: Described, language: Language) =>
  cleared[language].replace(/^\{place\}[:：]\s*/u, '').replace(/^[a-z]/, first => first.toUpperCase())

const placeholder = /\{(\w+)(?:\|(duration|percent))?\}/g

function fill(template: string, { place, parts }: Told, language: Language): string {
  const { site = '', building = '', point = '', device = '' } = place
  const where = [site, building, point].filter(name => name !== '').join(' ')
  return template.replace(placeholder, (_, name: string, form?: string) => {
    if (name === 'place') return where
    const value = name === 'device' ? device : (parts[name] ?? '')
    if (form === 'duration') return durationOf(Number(value), language)
    if (form === 'percent') return `${Math.round(Number(value) * 1000) / 10} %`
    if (typeof value === 'number' || name === 'device') return String(value)
    return (language === 'zh' ? chinese[value] : english[value]) ?? value
  })
}

const units = [
  { s: 86_400, en: ' d', zh: '天' },
  { s: 3600, en: ' h', zh: '小时' },
  { s: 60, en: ' min', zh: '分' },
  { s: 1, en: ' s', zh: '秒' },
]

/** The two largest units: `2 min 5 s`, `2分5秒`. */
export function durationOf(seconds: number, language: Language): string {
  let left = Math.max(0, Math.round(seconds))
  const told: string[] = []
  for (const unit of units) {
    const count = Math.floor(left / unit.s)
    left -= count * unit.s
    if (count > 0) told.push(`${count}${unit[language]}`)
  }
  if (told.length === 0) return language === 'zh' ? '0秒' : '0 s'
  if (language === 'en') return told.slice(0, 2).join(' ')
  // 2分5秒, but 2分钟.
  return told.length === 1 ? told[0]!.replace(/分$/, '分钟') : told.slice(0, 2).join('')
}
