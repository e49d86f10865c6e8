import { explain } from '../detect/explain.ts'
import type { Language } from '../detect/rule.ts'
import type { Told } from './channel.ts'

/** What happened or ended, in one sentence. */
export function says({ change, alert }: Told, language: Language): string {
  const { rule, place, parts } = alert
  return explain({ rule, kind: change.what === 'cleared' ? 'cleared' : 'raised', place, parts }, language)
}

/** Where a person finds it; undefined where the service has no address that people know. */
export const linkTo = (publicUrl: string | undefined, id: string) =>
  publicUrl === undefined ? undefined : `${publicUrl}/alerts/${id}`
