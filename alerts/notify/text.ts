import { Temporal } from 'temporal-polyfill'
import { isClosed } from '../book/alert.ts'
import type { Language, Severity } from '../rules/rule.ts'
import type { Message, Told } from './channel.ts'
import { linkTo, says } from './says.ts'

export interface TextOptions {
  readonly language: Language | 'both'
  readonly publicUrl?: string
}

/** All words that do not come from a rule. */
const words = {
  zh: {
    severity: { notice: '提示', warning: '警告', critical: '紧急' } satisfies Record<Severity, string>,
    over: '已恢复', again: '再次发生', escalated: '无人接手', resolved: '已处理',
    count: (n: number) => `${n}条告警`, ended: (n: number) => `${n}条恢复`,
    more: (n: number) => `…还有${n}条`, gone: (n: number) => `${n}条在通知前已结束`,
    test: '这是一条测试消息，通道正常。', joint: '：', list: '，',
  },
  en: {
    severity: { notice: 'notice', warning: 'warning', critical: 'critical' } satisfies Record<Severity, string>,
    over: 'over', again: 'again', escalated: 'not acknowledged', resolved: 'resolved',
    count: (n: number) => (n === 1 ? '1 alert' : `${n} alerts`), ended: (n: number) => `${n} over`,
    more: (n: number) => `…and ${n} more`, gone: (n: number) => `${n} had ended before they could be told`,
    test: 'This is a test: the channel works.', joint: ': ', list: ', ',
  },
} as const // biome-ignore format: a table

const languagesOf = (language: TextOptions['language']): readonly Language[] =>
  language === 'both' ? ['zh', 'en'] : [language]

/** A message as lines of text: a title, one item per alert, and what it leaves out. */
export interface Text {
  readonly title: string
  readonly items: readonly string[]
  /** Says how many are not named. */
  readonly more: (n: number) => string
  readonly end: readonly string[]
}

export function textOf(message: Message, { language, publicUrl }: TextOptions): Text {
  const languages = languagesOf(language)
  const { told, more, over, isTest } = message
  const join = (line: (language: Language) => string) => languages.map(line).join(' · ')
  const gone = join(language => words[language].gone(over))
  const end = over > 0 ? [gone] : []
  const moreOf = (n: number) => join(language => words[language].more(n))
  if (isTest)
    return { title: `【Lintel】${join(language => words[language].test)}`, items: [], more: moreOf, end }
  const items = told
    .toReversed()
    .sort(byWeight)
    .map(one => itemOf(one, languages, publicUrl))
  if (told.length === 1 && more === 0 && over === 0) return { title: '【Lintel】', items, more: moreOf, end }
  const ended = told.filter(({ change }) => change.what === 'cleared').length
  const begun = told.length - ended + more
  const title = join(language => {
    const { count, ended: endedOf, list } = words[language]
    return [begun > 0 || ended === 0 ? count(begun) : '', ended > 0 ? endedOf(ended) : '']
      .filter(Boolean)
      .join(list)
  })
  return { title: `【Lintel】${title}`, items, more: moreOf, end }
}

const order: readonly Severity[] = ['critical', 'warning', 'notice']
/** Beginnings before ends, then critical before others. Sorting is stable, so newest first within these. */
const weightOf = ({ change, alert }: Told) =>
  (change.what === 'cleared' ? 10 : 0) + order.indexOf(alert.severity)
const byWeight = (a: Told, b: Told) => weightOf(a) - weightOf(b)

function itemOf(told: Told, languages: readonly Language[], publicUrl: string | undefined): string {
  const link = linkTo(publicUrl, told.alert.id)
  const lines = languages.map(
    language => `${labelOf(told, language)}${words[language].joint}${plain(says(told, language))}`,
  )
  return [`${lines.join('\n')} (${momentOf(told)})`, ...(link === undefined ? [] : [link])].join('\n')
}

function labelOf({ change, alert }: Told, language: Language): string {
  const { severity, over, again, escalated, resolved, list } = words[language]
  if (change.what === 'cleared') return over
  const further = [
    ...(change.what === 'escalated' ? [escalated] : []),
    ...(alert.times > 1 ? [`${again} ×${alert.times}`] : []),
    ...(isClosed(alert) ? [alert.status === 'resolved' ? resolved : over] : []),
  ]
  return [severity[alert.severity], ...further].join(list)
}

/** In the time zone of the place: `11-24 20:15`. */
function momentOf({ change, alert }: Told): string {
  const at = change.occurredAt ?? alert.occurredAt
  return Temporal.Instant.fromEpochMilliseconds(at)
    .toZonedDateTimeISO(alert.zone)
    .toPlainDateTime()
    .toString({ smallestUnit: 'minute' })
    .slice(5)
    .replace('T', ' ')
}

/** People type the names of places: a name must not break a line or mention everyone in a chat. */
const plain = (text: string) =>
  text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll('<', '＜')
    .replaceAll('>', '＞')
    .replaceAll('@', '＠')

/** As many items as fit, measured as the receiver measures; the rest is counted. Never longer than `max`. */
export function fitted(
  { title, items, more, end }: Text,
  unnamed: number,
  max: number,
  measure: (text: string) => number,
): string {
  const glue = items.length === 1 && title === '【Lintel】' ? '' : '\n'
  const whole = (count: number) => {
    const left = items.length - count + unnamed
    const parts = [...items.slice(0, count), ...(left > 0 ? [more(left)] : []), ...end]
    return [title, parts.join('\n')].filter(Boolean).join(glue)
  }
  if (measure(whole(items.length)) <= max) return whole(items.length)
  let low = 0
  let high = Math.max(0, items.length - 1)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (measure(whole(middle)) <= max) low = middle
    else high = middle - 1
  }
  if (low > 0 || items.length === 0) return cut(whole(low), max, measure)
  // Not even one item fits: show its beginning, and count the rest.
  const left = items.length - 1 + unnamed
  const tail = [...(left > 0 ? [more(left)] : []), ...end].map(line => `\n${line}`).join('')
  const item = cut(items[0]!, max, text => measure(`${title}${glue}${text}${tail}`))
  return cut(`${title}${glue}${item}${tail}`, max, measure)
}

/** Cuts between whole characters and adds `…`. */
export function cut(text: string, max: number, measure: (text: string) => number): string {
  if (measure(text) <= max) return text
  const characters = [...text]
  let low = 0
  let high = characters.length
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (measure(`${characters.slice(0, middle).join('')}…`) <= max) low = middle
    else high = middle - 1
  }
  return `${characters.slice(0, low).join('')}…`
}

export const utf8Bytes = (text: string) => Buffer.byteLength(text)
