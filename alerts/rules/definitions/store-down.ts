import { gaugeRule } from '../gauge-rule.ts'
import { clearS, parametersOf, seconds } from '../parameters.ts'

export const storeDown = gaugeRule('store-down', 'high', {
  name: 'store-down',
  title: { en: 'Store down', zh: '数据库不可用' },
  about: {
    en: 'The database has taken no write for a while although there was one. Nothing is lost: the journal keeps it.',
    zh: '数据库一段时间无法写入。数据不会丢失，仍在日志中。',
  },
  raised: {
    en: 'The database has been down for {value|duration}.',
    zh: '数据库已中断{value|duration}。',
  },
  advice: { en: 'See lintel doctor.', zh: '请运行 lintel doctor。' },
  cleared: { en: 'The database is back.', zh: '数据库已恢复。' },
  parameters: parametersOf('critical', {
    bad: seconds({ en: 'Told at', zh: '提示阈值' }, 60, 1, 604_800),
    good: seconds({ en: 'Over below', zh: '解除阈值' }, 1, 1, 604_800),
    forS: seconds({ en: 'For so long', zh: '持续' }, 0, 0, 86_400),
    clearS: clearS(60),
  }),
})
