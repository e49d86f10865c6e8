/** Sentences beside the numbers, in the language of whoever reads them. */
const en = {
  total: 'total',
  before: (from: string, to: string) => `before (${from} to ${to})`,
  others: (groups: number) => `${groups} other groups`,
  legend: (minCount: number) =>
    `* fewer than ${minCount}, or would tell such a number; behind a number: at least that many`,
  until: (time: string) => `told up to ${time}: days are told once they are over`,
  untold: 'nothing of this may be told: ask for longer steps, larger places, or not by direction',
  most: 'most',
  weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
  nothing: '(nothing)',
}
const zh: typeof en = {
  total: '合计',
  before: (from, to) => `对比期（${from} 至 ${to}）`,
  others: groups => `其余 ${groups} 组`,
  legend: minCount => `* 少于 ${minCount}，或会泄露这样的小数；数字后带 * 表示至少这么多`,
  until: time => `数据截至 ${time}：每一天结束后才提供`,
  untold: '这些数字都不能提供：请改用更长的步长、更大的范围，或不按方向分组',
  most: '最大',
  weekdays: ['周一', '周二', '周三', '周四', '周五', '周六', '周日'],
  nothing: '（无）',
}

export type Sentences = typeof en

/** By the locale of the environment, as POSIX ranks its variables. */
export function sentencesFor(env: Readonly<Record<string, string | undefined>>): Sentences {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || ''
  return /^zh/i.test(locale) ? zh : en
}
