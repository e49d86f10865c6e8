import { gaugeRule } from '../gauge-rule.ts'
import { clearS, parametersOf, seconds, share } from '../parameters.ts'

export const diskLow = gaugeRule('disk-free', 'low', {
  name: 'disk-low',
  title: { en: 'Disk nearly full', zh: '磁盘将满' },
  about: {
    en: 'Little of the disk of the data directory is free. When it is full, devices are refused and keep their events.',
    zh: '数据目录所在磁盘剩余空间不足。写满后设备会被拒绝并自行保存事件。',
  },
  raised: {
    en: 'Only {value|percent} of the disk is free.',
    zh: '磁盘仅剩{value|percent}。',
  },
  advice: { en: 'Make room before devices are refused.', zh: '请尽快清理，以免拒收设备数据。' },
  cleared: { en: 'The disk has room again.', zh: '磁盘空间已恢复。' },
  parameters: parametersOf('critical', {
    bad: share({ en: 'Told at this free share', zh: '提示阈值（剩余比例）' }, 0.1, 0, 1),
    good: share({ en: 'Over above', zh: '解除阈值（剩余比例）' }, 0.15, 0, 1),
    forS: seconds({ en: 'For so long', zh: '持续' }, 60, 0, 86_400),
    clearS: clearS(300),
  }),
})
