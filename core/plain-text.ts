/**
 * What moves a cursor, ends a line, turns the direction of writing, or is not seen: controls (C0, C1), formats (bidi, zero
 * width, byte order mark), line and paragraph separators, halves of pairs, and letters that are blank.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|\u034f|\u17b4|\u17b5/u
const allUnseen = new RegExp(unseen.source, 'gu')

/** The same in a JSON schema: a name that people may enter. Something of it must be seen. */
export const seenPattern =
  '^(?!\\s)(?!.*\\s$)[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u2800\\u3164\\uffa0]+$'

/** Whether all of it is seen as it is: no character that is not, and no blank at an end. */
export const isSeen = (text: string) => text !== '' && text.trim() === text && !unseen.test(text)

const escaped = (char: string) => {
  const code = char.codePointAt(0)!.toString(16)
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
}

/** For a terminal or a file of text: what is not seen as itself is seen as its code. One line stays one line. */
export function plain(text: string): string {
  return unseen.test(text) ? text.replace(allUnseen, escaped) : text
}

/** The same of a text of our own that has lines. */
export const plainLines = (text: string) => text.split('\n').map(plain).join('\n')

/** JSON of which every character is seen as itself; it reads back as the same value. */
export function plainJson(json: string): string {
  if (!unseen.test(json)) return json
  // Line feeds and blanks between members are JSON's own: within its texts it has escaped them.
  return json.replace(allUnseen, char => {
    if (char === '\n' || char === '\r' || char === '\t') return char
    return [...Array(char.length).keys()].map(at => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('') // biome-ignore format: one line
  })
}
