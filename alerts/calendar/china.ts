import { parseCalendar } from './calendar.ts'
import data from './china.json' with { type: 'json' }

/** Mainland China's public holidays and the weekend days worked in return; the `note` in `china.json` says which years are covered. */
export const chinaCalendar = parseCalendar(data, 'china.json')

export const chinaZones: readonly string[] = [
  'Asia/Shanghai',
  'Asia/Urumqi',
  'Asia/Chongqing',
  'Asia/Chungking',
  'Asia/Kashgar',
  'Asia/Harbin',
  'PRC',
]
