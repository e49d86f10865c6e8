import { gaugeRule } from '../gauge-rule.ts'
import { clearS, parametersOf, seconds } from '../parameters.ts'

export const clockDoubt = gaugeRule('clock-doubt', 'high', {
  name: 'clock-doubt',
  title: { en: 'Clock of the service in doubt', zh: '服务时钟存疑' },
  about: {
    en: 'The clock of the service is far from the last time that was known to be true. Nothing is deleted because of its age until that is settled.',
    zh: '服务器时钟与最后确认的时间相差过大。确认之前不会因到期删除任何数据。',
  },
  raised: {
    en: 'The clock of the service has been in doubt for {value|duration}; nothing is deleted.',
    zh: '服务器时钟存疑已{value|duration}，已暂停删除。',
  },
  advice: { en: 'Set it, or see lintel clock.', zh: '请校准时钟，或运行 lintel clock。' },
  cleared: { en: 'The clock of the service is believed again.', zh: '服务器时钟已恢复可信。' },
  parameters: parametersOf('critical', {
    bad: seconds({ en: 'Told at', zh: '提示阈值' }, 60, 1, 604_800),
    good: seconds({ en: 'Over below', zh: '解除阈值' }, 1, 1, 604_800),
    forS: seconds({ en: 'For so long', zh: '持续' }, 0, 0, 86_400),
    clearS: clearS(60),
  }),
})
