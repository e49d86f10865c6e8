import type { Described, Language, Text } from './rule.ts'

/** What those on duty are to do, by rule: a sentence of its own, beside the one that tells what happened. */
const advice: Readonly<Record<string, Text>> = {
  'door-forced': { en: 'See whether it is shut and unharmed.', zh: '请查看门是否已关好、有无损坏。' },
  'door-held': { en: 'See what holds it, and shut it.', zh: '请查看原因并关门。' },
  tailgating: { en: 'Look at the picture, and ask who followed.', zh: '请查看画面，并询问尾随的人。' },
  'denied-burst': { en: 'Look who needs help at the door.', zh: '请到现场查看。' },
  'ebike-indoors': { en: 'Look at the picture, and have it taken out.', zh: '请查看画面，并劝离车辆。' },
  'wrong-way': { en: 'Warn those who come, and look at the lane.', zh: '请提醒来车，并查看车道。' },
  tamper: { en: 'Go and look.', zh: '请到现场查看。' },
  'device-offline': { en: 'See to its power and network.', zh: '请检查电源和网络。' },
  'site-offline': {
    en: 'See to the network and the power of the site.',
    zh: '请检查小区网络和供电。',
  },
  'camera-blind': { en: 'Look at its lens and its light.', zh: '请检查镜头和照明。' },
  'clock-skew': { en: 'Set it, or let it ask for the time.', zh: '请校准或开启对时。' },
  'journal-lag': { en: 'See lintel doctor.', zh: '请运行 lintel doctor。' },
  'store-down': { en: 'See lintel doctor.', zh: '请运行 lintel doctor。' },
  'disk-low': {
    en: 'Make room before devices are refused.',
    zh: '请尽快清理，以免拒收设备数据。',
  },
  'clock-doubt': { en: 'Set it, or see lintel clock.', zh: '请校准时钟，或运行 lintel clock。' },
  'deletions-held': {
    en: 'If that is meant, say lintel retention allow; see lintel retention.',
    zh: '如确属预期，请运行 lintel retention allow；详见 lintel retention。',
  },
  'flow-high': { en: 'See what draws people there.', zh: '请查看人流增多的原因。' },
  'flow-low': {
    en: 'Is the way free, and does the device count?',
    zh: '请查看通道是否畅通、设备是否正常计数。',
  },
}

/** Empty for a rule that is not known, such as one of an older version. */
export const adviceOf = (rule: string, language: Language): string => advice[rule]?.[language] ?? ''

/** The sentence of what happened. A rule may end it with its advice, which is left out here. */
export function happenedIn({ name, raised }: Described, language: Language): string {
  const whole = raised[language]
  const told = adviceOf(name, language)
  if (told === '' || !whole.endsWith(told)) return whole
  // 时钟错误，请校准: what stands before is a sentence, too.
  return whole.slice(0, -told.length).trimEnd().replace(/，$/, '。')
}
