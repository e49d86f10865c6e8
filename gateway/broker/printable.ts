import { withoutPersonalNumbers } from '../../devices/contract/personal.ts'

const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu
const maxLength = 200

/** What a stranger sent may end up in a log line or a terminal; a topic may hold what no payload of ours may. */
export function printable(text: string): string {
  const plain = text
    .slice(0, maxLength)
    .replace(unprintable, char => `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`)
  return withoutPersonalNumbers(plain)
}
