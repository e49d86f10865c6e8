import { gaugeRule } from '../gauge-rule.ts'
import { clearS, count, parametersOf, seconds } from '../parameters.ts'

export const deletionsHeld = gaugeRule('deletions-held', 'high', {
  name: 'deletions-held',
  title: { en: 'Large deletion held', zh: '大量删除待确认' },
  about: {
    en: 'So many rows are older than they may be that somebody has to say that their deletion is meant.',
    zh: '到期数据过多，需人工确认后才会删除。',
  },
  raised: {
    en: 'Unusually many rows would be deleted at once.',
    zh: '一次将删除的数据异常多。',
  },
  advice: {
    en: 'If that is meant, say lintel retention allow; see lintel retention.',
    zh: '如确属预期，请运行 lintel retention allow；详见 lintel retention。',
  },
  cleared: { en: 'No deletion is held any more.', zh: '已无待确认的删除。' },
  parameters: parametersOf('warning', {
    bad: count({ en: 'Told at', zh: '提示阈值' }, 1, 1, 1000),
    good: count({ en: 'Over below', zh: '解除阈值' }, 1, 1, 1000),
    forS: seconds({ en: 'For so long', zh: '持续' }, 0, 0, 86_400),
    clearS: clearS(60),
  }),
})
