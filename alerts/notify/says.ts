import { isClosed } from '../book/alert.ts'
import { adviceOf, ended, happened, sentences } from '../rules/explain.ts'
import type { Language } from '../rules/rule.ts'
import type { Told } from './channel.ts'

/** Says what happened, and then how it ended or, while it is open, what to do. */
export function says(told: Told, language: Language): string {
  const { change, alert } = told
  const advice = isClosed(alert) ? '' : adviceOf(alert.rule, language)
  const further = change.what === 'cleared' ? endOf(told, language) : advice
  return sentences([happened(alert, language), further], language)
}

/** How it ended. */
export function endOf({ change, alert }: Told, language: Language): string {
  const { rule, place, parts } = alert
  return ended({ rule, place, parts: { ...parts, ...change.parts }, ending: change.ending }, language)
}

/** Link to an alert; undefined if the service has no public address. */
export const linkTo = (publicUrl: string | undefined, id: string) =>
  publicUrl === undefined ? undefined : `${publicUrl}/alerts/${id}`
