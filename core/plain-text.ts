/**
 * Characters that move the cursor, end a line, change the writing direction or are invisible: controls (C0, C1), formats
 * (bidi, zero width, byte order mark), line and paragraph separators, surrogates, and blank letters.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|\u034f|\u17b4|\u17b5/u
const allUnseen = new RegExp(unseen.source, 'gu')

/** The same as a pattern of JSON Schema, for names that people enter: visible characters, without blanks at either end. */
export const seenPattern =
  '^(?!\\s)(?!.*\\s$)[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u2800\\u3164\\uffa0]+$'

/** True if all characters are visible and no blank is at either end. */
export const isSeen = (text: string) => text !== '' && text.trim() === text && !unseen.test(text)

const escaped = (char: string) => {
  const code = char.codePointAt(0)!.toString(16)
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
}

/** Shows invisible characters as their codes, for a terminal or a text file. One line stays one line. */
export function plain(text: string): string {
  return unseen.test(text) ? text.replace(allUnseen, escaped) : text
}

/** The same for a text of our own that has several lines. */
export const plainLines = (text: string) => text.split('\n').map(plain).join('\n')

/** Escapes invisible characters in JSON, which still parses to the same value. */
export function plainJson(json: string): string {
  if (!unseen.test(json)) return json
  // Line feeds and tabs here are whitespace between members: within strings, JSON has escaped them.
  return json.replace(allUnseen, char => {
    if (char === '\n' || char === '\r' || char === '\t') return char
    return [...Array(char.length).keys()].map(at => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('') // biome-ignore format: one line
  })
}
