import type { FlowFinding } from './state.ts'

export interface Told {
  readonly 'zh-CN': string
  readonly en: string
}

/** An episode in a sentence. `place` as staff call it; `time` shows a moment in the place's zone. */
export function explain(
  { rule, episode }: Pick<FlowFinding, 'rule' | 'episode'>,
  place: string,
  time: (at: number) => string,
): Told {
  const { begin, end, actual } = episode
  const expected = Math.max(0, Math.round(episode.expected))
  const [from, to] = [time(begin), time(end)]
  if (rule === 'flow-low' && actual === 0)
    return {
      'zh-CN': `${place}：${from} 至 ${to} 没有计数，通常约 ${expected} 次；请检查设备是否正常。`,
      en: `${place}: nothing counted from ${from} to ${to}, usually about ${expected}; is the counter working?`,
    }
  const high = rule === 'flow-high'
  return {
    'zh-CN': `${place}：${from} 至 ${to} 计 ${actual} 次，通常约 ${expected} 次，${high ? '偏多' : '偏少'}。`,
    en: `${place}: ${actual} counted from ${from} to ${to}, usually about ${expected}: ${high ? 'more' : 'less'} than usual.`,
  }
}
