import { deviceIdPattern } from '../../core/words.ts'
import { withoutPersonalNumbers } from '../../devices/contract/personal-number.ts'
import { reservedId, splitTopic } from '../../devices/contract/topics.ts'

const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu
const maxLength = 200
/** More than is shown, so that no number that should be masked is cut in two before. */
const lookedAt = 4 * maxLength
const halfNumber = /[\d ._:~-]+$/

/** Makes the text of a stranger fit for a log line or a terminal. A topic may hold what no payload of ours may. */
export function printable(text: string): string {
  const begin = text.length > lookedAt ? text.slice(0, lookedAt).replace(halfNumber, '') : text
  const plain = withoutPersonalNumbers(
    begin.replace(unprintable, char => `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`),
  )
  if (plain.length <= maxLength) return plain
  // A cut may leave half of a character, or the first digits of a longer row, which alone may be a number.
  return plain
    .slice(0, maxLength)
    .replace(/[\ud800-\udbff]$/, '')
    .replace(halfNumber, '')
}

const maxShape = 32
const shapes: readonly (readonly [RegExp, string])[] = [
  [/\p{Nd}/u, '0'],
  [/\p{Lu}/u, 'A'],
  [/\p{Script=Han}/u, '字'],
  [/\p{L}/u, 'a'],
  [/[-_./:~@+# ]/, ''],
]

/**
 * A stranger's text by its length and shape, `<9 characters: aaaa-0000>`: enough to find a typing error or the wrong
 * field in a device's settings, and nothing that it may say about a person.
 */
export function shapeOf(text: string): string {
  if (text === '') return '(empty)'
  const all = [...text.slice(0, 2 * maxShape)]
  const shape = all.slice(0, maxShape).map(char => {
    const kind = shapes.find(([pattern]) => pattern.test(char))
    return kind === undefined ? '?' : kind[1] || char
  })
  const length = text.length > 2 * maxShape ? text.length : all.length
  return `<${length} characters: ${shape.join('')}${length > maxShape ? '…' : ''}>`
}

const deviceId = new RegExp(deviceIdPattern)
const ownWords = new Set(['event', 'status', 'command', 'place', 'sighting', 'snapshot'])

export type IsEnrolled = (device: string) => boolean

/** The id of an enrolled device as it is; that of a stranger by its shape. */
export const shownDevice = (id: string, isEnrolled: IsEnrolled): string =>
  deviceId.test(id) && isEnrolled(id) ? id : shapeOf(id)

/** A topic that shows only our own parts as they are: the contract's words and the ids of enrolled devices. */
export function shownTopic(topic: string, isEnrolled: IsEnrolled): string {
  const parts = splitTopic(topic)
  if (parts === undefined) return shapeOf(topic)
  const { device, rest } = parts
  const [word = '', ...others] = rest.split('/')
  const below = others.length === 0 ? '' : `/${shapeOf(others.join('/'))}`
  const whose = device === reservedId ? device : shownDevice(device, isEnrolled)
  return `lintel/v1/${whose}/${ownWords.has(word) ? word : shapeOf(word)}${below}`
}
