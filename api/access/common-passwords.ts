import { readFileSync } from 'node:fs'
import { assetUrl } from '../../core/installation.ts'

/** Words that people here add to the list; "1314" and "520" sound like "for ever" and "I love you". */
const ours = ['lintel', 'admin', 'administrator', 'welcome', 'changeme', 'letmein', 'iloveyou', 'woaini', 'nihao', '5201314', '1314', '520'] // biome-ignore format: one list
const listed = readFileSync(assetUrl('api/access/common-passwords.txt'), 'utf8')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'))
const words = new Set([...listed, ...ours])
const longestWord = Math.max(...[...words].map(({ length }) => length))

/** Sequences that people type: rows of keys, letters and digits in order. */
const runs = [
  'abcdefghijklmnopqrstuvwxyzabcdefgh', '12345678901234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', '!@#$%^&*()',
  '1qaz', '2wsx', '3edc', '4rfv', '5tgb', '6yhn', '7ujm', '8ik', '9ol', 'qwertz', 'azerty',
].flatMap(run => [run, [...run].reverse().join('')]) // biome-ignore format: rows and columns of keys

/** Characters that stand for letters. */
const letters: Readonly<Record<string, string>> = { '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's', '!': 'i' } // biome-ignore format: one table
const plainOf = (text: string) => [...text].map(char => letters[char] ?? char).join('')

/** Cost of guessing each part: a single character 1, a word 2, a run or a year 1, a repetition a half. */
const cost = { word: 2, run: 1, again: 0.5 }
/** Least cost of a password: seven unrelated characters, or a few words. */
const least = 7
const shortest = 3
const longestPart = 32

function costOfPart(text: string, start: number, end: number, isWord: (part: string) => boolean): number {
  const part = text.slice(start, end)
  const isRun =
    runs.some(run => run.includes(part)) || new Set(part).size === 1 || /^(?:19|20)\d\d$/.test(part)
  if (text.slice(0, start).includes(part)) return cost.again
  if (isRun) return cost.run
  return end - start <= longestWord && (isWord(part) || isWord(plainOf(part)))
    ? cost.word
    : Number.POSITIVE_INFINITY
}

/** The cheapest way to compose a text. */
function costOf(text: string, isWord: (part: string) => boolean): number {
  const best = [0]
  for (let end = 1; end <= text.length; end++) {
    let cheapest = best[end - 1]! + 1
    for (let start = Math.max(0, end - longestPart); start <= end - shortest; start++)
      cheapest = Math.min(cheapest, best[start]! + costOfPart(text, start, end, isWord))
    best.push(cheapest)
  }
  return best.at(-1)!
}

/**
 * True if a password is among those tried first: a common one, or one made of common words, runs of the alphabet and
 * the keyboard, years and repetitions, also two of these alternating (a1b2c3d4e5f6), regardless of capitals and of
 * characters that stand for letters.
 */
export function isCommon(password: string, name: string): boolean {
  const text = password.normalize('NFKC').toLowerCase()
  if (words.has(text)) return true
  const own = name.toLowerCase()
  const isWord = (part: string) => words.has(part) || part === own
  const every = (offset: number) => [...text].filter((_, index) => index % 2 === offset).join('')
  return Math.min(costOf(text, isWord), costOf(every(0), isWord) + costOf(every(1), isWord)) < least
}
