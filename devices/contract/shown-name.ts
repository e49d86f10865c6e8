import { personalNames, subjects, suffixes } from './member-names.ts'

const list = (text = '') => text.split(' ').filter(word => word !== '')
const known = new Set(personalNames.flatMap(row => [row.anywhere, row.words, row.alone].flatMap(list)))
const behind = new Set(list(suffixes))
const before = list(subjects)
const maxLength = 32
const separators = /[\s_.-]+/u
/** The boundaries between the words of `residentName` and `ID_CARD`. */
const betweenWords = /[\s_.-]+|(?<=[a-z])(?=[A-Z])/u

const hanWords = [...known].filter(word => /^\p{Script=Han}+$/u.test(word))
const onlyHan = new RegExp(`^(?:${[...hanWords, '号', '码', '编'].join('|')})+$`, 'u')
const digits = /\d{1,2}$/

/**
 * The name of a personal member as its sender is told. A name made only of words of our table is shown as written, so
 * that it can be found in the firmware, but without a number behind it. For any other the table's word is shown, since
 * the name itself may be a person's.
 */
export function shownName(name: string, word: string): string {
  const written = name.replace(digits, '')
  return written.length <= maxLength && isOurs(written) ? written : word
}

function isOurs(name: string): boolean {
  if (isOne(name.toLowerCase().split(separators).join('')) || onlyHan.test(name)) return true
  const parts = name.split(betweenWords).filter(part => part !== '')
  return parts.some(part => known.has(part.toLowerCase())) && parts.every(isPart)
}

const isPart = (part: string) => known.has(part.toLowerCase()) || behind.has(part.toLowerCase())

/** True for a word of the table, alone, with a suffix behind it or with a subject before it. */
function isOne(plain: string): boolean {
  if (known.has(plain)) return true
  const end = [...behind].find(suffix => plain.endsWith(suffix) && known.has(plain.slice(0, -suffix.length)))
  return end !== undefined || before.some(subject => plain.startsWith(subject) && known.has(plain.slice(subject.length))) // biome-ignore format: one thing
}
