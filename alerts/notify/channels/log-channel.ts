import type { Logger } from '../../../core/log.ts'
import type { Channel } from '../channel.ts'
import { says } from '../says.ts'
import { type TextOptions, textOf } from '../text.ts'

/** Writes one log line per message, with all its alerts. */
export function createLogChannel(log: Pick<Logger, 'info' | 'warn'>, options: TextOptions): Channel {
  return {
    kind: 'log',
    async send(message) {
      const { told, key, isTest } = message
      const language = options.language === 'en' ? 'en' : 'zh'
      const alerts = told.map(one => ({
        alert: one.alert.id,
        what: one.change.what,
        rule: one.alert.rule,
        severity: one.alert.severity,
        ...one.alert.place,
        says: says(one, language),
      }))
      const isGrave = alerts.some(({ severity, what }) => severity !== 'notice' && what !== 'cleared')
      const title = told.length === 1 ? alerts[0]!.says : textOf(message, options).title
      if (isGrave && !isTest) log.warn({ key, alerts }, title)
      else log.info({ key, alerts }, title)
      return { delivered: true }
    },
  }
}
