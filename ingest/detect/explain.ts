import type { Described, Finding, Language, Text } from './rule.ts'
import { describedRules } from './rules.ts'
import { chinese, english } from './words.ts'

const byName = new Map(describedRules.map(rule => [rule.name, rule]))

export type Explained = Pick<Finding, 'rule' | 'kind' | 'place' | 'parts'>

/** One sentence for those on duty: what, where, and what to do. */
export function explain(finding: Explained, language: Language): string {
  const rule = byName.get(finding.rule)
  const says = rule === undefined ? finding.rule : fill(rule, finding, language)
  return finding.parts.scene === 'demo' ? `${ofDemo[language]}${says}` : says
}

/** Before what a demo has let go wrong with the service itself. */
const ofDemo: Text = { en: '[demo] ', zh: '【演示】' }

const placeholder = /\{(\w+)(?:\|(duration|percent))?\}/g

function fill(rule: Described, { kind, place, parts }: Explained, language: Language): string {
  const { site = '', building = '', point = '', device = '' } = place
  const where = [site, building, point].filter(name => name !== '').join(' ')
  return rule[kind][language].replace(placeholder, (_, name: string, form?: string) => {
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
