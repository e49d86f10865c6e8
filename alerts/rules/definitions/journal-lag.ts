import { gaugeRule } from '../gauge-rule.ts'
import { clearS, parametersOf, seconds } from '../parameters.ts'

export const journalLag = gaugeRule('journal-lag', 'high', {
  name: 'journal-lag',
  title: { en: 'Store behind', zh: '入库滞后' },
  about: {
    en: 'The oldest record that the store has not taken is old for a while. Nothing is lost: the journal keeps it.',
    zh: '未入库的最早记录已滞后一段时间。数据不会丢失，仍在日志中。',
  },
  raised: {
    en: 'The store is {value|duration} behind the journal.',
    zh: '入库已滞后{value|duration}。',
  },
  advice: { en: 'See lintel doctor.', zh: '请运行 lintel doctor。' },
  cleared: { en: 'The store has caught up with the journal.', zh: '入库已追上。' },
  parameters: parametersOf('warning', {
    bad: seconds({ en: 'Told at', zh: '提示阈值' }, 300, 1, 604_800),
    good: seconds({ en: 'Over below', zh: '解除阈值' }, 30, 1, 604_800),
    forS: seconds({ en: 'For so long', zh: '持续' }, 60, 0, 86_400),
    clearS: clearS(60),
  }),
})
