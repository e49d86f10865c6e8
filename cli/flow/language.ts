import type { Language } from '../../alerts/rules/rule.ts'
import type { FlowNote } from '../../flow/notes.ts'

/** Sentences for the numbers, in the reader's language. */
const en = {
  total: 'total',
  before: (from: string, to: string) => `before (${from} to ${to})`,
  others: (groups: number) => `${groups} other groups`,
  legend: (minCount: number) =>
    `* fewer than ${minCount}, or would tell such a number; behind a number: at least that many; –: not over yet, or not there`,
  until: (time: string) => `told up to ${time}: days are told once they are over`,
  untold: 'nothing of this may be told: ask for longer steps, larger places, or not by direction',
  most: 'most',
  weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
  nothing: '(nothing)',
  note: ({ text }: FlowNote) => `note: ${text}`,
}
const zh: typeof en = {
  total: '合计',
  before: (from, to) => `对比期（${from} 至 ${to}）`,
  others: groups => `其余 ${groups} 组`,
  legend: minCount =>
    `* 少于 ${minCount}，或会泄露这样的小数；数字后带 * 表示至少这么多；– 表示尚未结束或没有数据`,
  until: time => `数据截至 ${time}：每一天结束后才提供`,
  untold: '这些数字都不能提供：请改用更长的步长、更大的范围，或不按方向分组',
  most: '最大',
  weekdays: ['周一', '周二', '周三', '周四', '周五', '周六', '周日'],
  nothing: '（无）',
  note: ({ note, text, dimension, values }) => {
    const names = values.join('、')
    if (note === 'unknown-place') return `提示：没有登记过 ${dimension} ${names}`
    if (note === 'household-doors') return `提示：${names} 的单户门只计入场所，不计入楼栋`
    if (note === 'unfinished-step') return `提示：从 ${names} 起的时段尚未结束，却与完整的时段相比`
    if (note === 'other-weekdays') return '提示：对比的日期不是同一个星期几；compare 1w 可对齐'
    return `提示：${text}`
  },
}

export type Sentences = typeof en

/** By the locale of the environment, in the order in which POSIX ranks its variables. */
export function languageOf(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || ''
  return /^zh/i.test(locale) ? 'zh' : 'en'
}

export const sentencesFor = (env: Readonly<Record<string, string | undefined>>): Sentences =>
  languageOf(env) === 'zh' ? zh : en
