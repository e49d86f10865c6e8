import type { Ending, Text } from './rule.ts'

/** Chinese for words in parts. In English the words are used as they are, with the exceptions below. */
export const chinese: Readonly<Record<string, string>> = {
  case: '外壳',
  camera: '摄像头',
  reader: '读卡器',
  lock: '门锁',
  dark: '画面过暗',
  bright: '画面过曝',
  blurred: '画面模糊',
  covered: '被遮挡',
  frozen: '画面静止',
  in: '进',
  out: '出',
  car: '汽车',
  bus: '客车',
  truck: '货车',
  motorcycle: '摩托车',
  bicycle: '自行车',
  other: '车辆',
  reported: '设备上报',
  unexplained: '开门前无通行记录',
  will: '主动下线或断线',
  silence: '长时间无数据',
}

export const english: Readonly<Record<string, string>> = {
  other: 'vehicle',
  bright: 'blinded by light',
  reported: 'it says so',
  unexplained: 'it opened with no passage before',
  will: 'it signed off, or its connection was lost',
  silence: 'it has been silent',
}

/** Why an alert ended although its condition did not. */
export const endings: Readonly<Record<Exclude<Ending, 'over'>, Text>> = {
  moved: {
    en: 'Its device stands elsewhere now, so nothing more is heard of it here.',
    zh: '设备已移至其他位置，此处不再跟踪。',
  },
  replaced: { en: 'Another device has taken the place of its device.', zh: '其设备已被另一设备替换。' },
  removed: { en: 'Its device was removed or disabled.', zh: '其设备已移除或停用。' },
  disabled: { en: 'The rule was switched off.', zh: '该规则已停用。' },
}
