import { Latest } from '../../core/latest.ts'
import { formatRfc3339, parseRfc3339 } from '../../core/rfc3339.ts'
import { isPictureText } from './embedded-picture.ts'
import { dataSchemas, eventTypes, maxTimeLength } from './kinds.ts'
import { harmlessNames, personalNames, subjects, suffixes, traditional } from './member-names.ts'
import { shownName } from './shown-name.ts'

/**
 * A record keeps only the members that `dataSchemas` allows, so a personal member is cut whatever its spelling. The table
 * of member-names.ts only tells such members apart from harmless unknown ones, so that they are counted per device and
 * its maker is told.
 */
const maxNameLength = 64

const list = (text: string | undefined) => (text === undefined ? [] : text.split(' '))
const tableOf = (part: 'anywhere' | 'words' | 'alone') =>
  new Map(personalNames.flatMap(row => list(row[part]).map(name => [name, row.says] as const)))
const anywhere = tableOf('anywhere')
const words = tableOf('words')
const alone = tableOf('alone')
/** Longest first, so that of two words with the same beginning the more specific one is found. */
const anyOf = (names: Iterable<string>) => [...names].sort((a, b) => b.length - a.length).join('|')
const anywhereIn = new RegExp(anyOf(anywhere.keys()), 'u')
const harmless = new RegExp(anyOf(list(harmlessNames)), 'g')
const suffix = new RegExp(`(?:${anyOf(list(suffixes))})?\\d*$`)
const subject = new RegExp(`^(?:${anyOf(list(subjects))})`)
const simplified = new Map(
  Array.from({ length: traditional.length / 2 }, (_, i) => [traditional[2 * i]!, traditional[2 * i + 1]!]),
)

const ascii = /^[\x20-\x7e]*$/
const accents = /\p{M}+/gu
const nothingSaid = /[^\p{L}\p{N}]+/gu
/** The boundaries between the words of `roomNo`, `ROOM_NO` and `IDNumber`. */
const betweenWords = /[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)/

const oneWord = /^[a-z]+$/
/** Long enough for `jsysfzjhm` with a number or a word behind it. */
const maxAbbreviation = 14

/** Firmware uses few names and repeats them in each event: a new name costs 2.5 µs, a known one 0.1. */
const knownNames = new Latest<string, { readonly word: string | undefined }>(1000)

/** The word of the table for what a member's name says about a person. Case, script and separators do not matter. */
export function personalWordIn(name: string): string | undefined {
  if (name.length > maxNameLength) return wordIn(name)
  let known = knownNames.get(name)
  if (known === undefined) {
    known = { word: wordIn(name) }
    knownNames.set(name, known)
  }
  return known.word
}

function wordIn(name: string): string | undefined {
  // Normalising may turn one character into eighteen.
  const short = name.slice(0, maxNameLength)
  const normal = ascii.test(short) ? short : normalised(short)
  const plain = normal.toLowerCase().replace(nothingSaid, '')
  const telling = plain.replace(harmless, '')
  const found = anywhereIn.exec(telling)?.[0]
  if (found !== undefined) return anywhere.get(found)
  if (telling === '') return undefined
  const whole =
    words.get(telling) ?? (telling.length <= maxAbbreviation ? abbreviationIn(telling) : undefined)
  if (whole !== undefined || telling !== plain) return whole
  if (oneWord.test(normal)) return undefined
  for (const word of normal.split(betweenWords)) {
    const said = words.get(word.toLowerCase())
    if (said !== undefined) return said
  }
  return undefined
}

function normalised(name: string): string {
  const plain = name.normalize('NFKD').replace(accents, '').slice(0, maxNameLength).normalize('NFC')
  return [...plain].map(char => simplified.get(char) ?? char).join('')
}

/** `xm`, `xm2`, `sfzhNo`, and with a subject before it: `ryxm`. */
function abbreviationIn(plain: string): string | undefined {
  const short = plain.replace(suffix, '')
  for (const name of [plain, short, plain.replace(subject, ''), short.replace(subject, '')]) {
    const said = alone.get(name) ?? words.get(name)
    if (said !== undefined) return said
  }
  return undefined
}

const envelopeNames = [
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'subject',
  'datacontenttype',
  'dataschema',
  'data',
]
const knownData = new Map(
  eventTypes.map(type => [type as string, new Set(Object.keys(dataSchemas[type].properties))]),
)
const knownEnvelope = new Set(envelopeNames)

export interface Cut {
  /** Unknown members that say nothing about a person; `personalMembers` counts those that do. */
  ignored: number
  personalMembers: number
  /** Names of the personal members, as `shownName` writes them: 20 at most. Almost always empty. */
  personal: Set<string>
  /** True if an unknown member is a picture written as text. */
  hasPicture: boolean
}

const emptyCut = (): Cut => ({ ignored: 0, personalMembers: 0, personal: new Set(), hasPicture: false })
const nothing: Cut = Object.freeze(emptyCut())
const noNames: ReadonlySet<string> = new Set()
/** The greatest depth at which members are checked; `maxLooked` is the most members of a message. */
const maxLookDepth = 8
/** Most names of personal members that a sender is told at once. */
export const maxNamed = 20
const maxLooked = 5000

/** The members of a message that may still be checked: a device that sends very many must not hold up the others. */
export interface LookBudget {
  left: number
}
export const newLookBudget = (): LookBudget => ({ left: maxLooked })

/** Finds the members of an event that will not be kept. Their values are never copied anywhere. */
export function findCut(event: Readonly<Record<string, unknown>>, budget = newLookBudget()): Cut {
  const look: Look = { cut: nothing, budget }
  lookAt(event, knownEnvelope, look, 0)
  const { data } = event
  const known = knownData.get(event.type as string)
  if (known !== undefined && typeof data === 'object' && data !== null) lookAt(data, known, look, 0)
  return look.cut
}

interface Look {
  cut: Cut
  readonly budget: LookBudget
}

function lookAt(value: object, known: ReadonlySet<string>, look: Look, depth: number): void {
  for (const name in value) {
    if (known.has(name)) continue
    if (look.budget.left-- <= 0) return
    if (look.cut === nothing) look.cut = emptyCut()
    const { cut } = look
    const word = personalWordIn(name)
    if (word !== undefined) {
      cut.personalMembers++
      if (cut.personal.size < maxNamed) cut.personal.add(shownName(name, word))
    } else if (depth === 0) cut.ignored++
    const member = (value as Record<string, unknown>)[name]
    if (isPictureText(member)) cut.hasPicture = true
    if (typeof member === 'object' && member !== null && depth < maxLookDepth)
      lookAt(member, noNames, look, depth + 1)
  }
}

const vocabulary = new Set<string>([
  ...envelopeNames,
  ...eventTypes,
  ...eventTypes.flatMap(type => Object.keys(dataSchemas[type].properties)),
  ...eventTypes.flatMap(type =>
    Object.values(dataSchemas[type].properties).flatMap(member => (member as { enum?: string[] }).enum ?? []),
  ),
])

/** A clock that was ever set says more; an earlier time may be a date of birth. */
const firstEventMs = Date.UTC(2000, 0, 1)

/** The time cut to milliseconds: its fraction could have as many digits as a person's number. */
function plainTime(text: string): string | undefined {
  const ms = text.length <= maxTimeLength ? parseRfc3339(text) : Number.NaN
  return ms >= firstEventMs ? formatRfc3339(ms) : undefined
}

/** Six digits are enough for a measurement, and too few for a person's number. */
export const sixDigits = (value: number): number => Number(value.toPrecision(6))

/** Members that are numbers: a number anywhere else may be a date of birth or the number of a flat. */
const measurements = new Set<string>(
  eventTypes.flatMap(type =>
    Object.entries(dataSchemas[type].properties).flatMap(([name, member]) =>
      /^(?:integer|number)$/.test((member as { type?: string }).type ?? '') ? [name] : [],
    ),
  ),
)
/** `Passage`, `DOOR`: a type of ours except for case and separators, so it says nothing about a person. */
const isTypeBut = (text: string) =>
  /^[A-Za-z_ -]{1,32}$/.test(text) &&
  (eventTypes as readonly string[]).includes(text.toLowerCase().replace(/[_ -]/g, ''))

const maxDepth = 4
const maxMembers = 32

/**
 * The part of an invalid payload that may be parked: its shape and, in members of the contract, the contract's own words,
 * flags, measurements and the event's time. Every other text becomes its length, every other number or flag its type.
 * That is enough to see what is wrong and to try again once the contract has grown. Nothing personal remains, such as a
 * date of birth or the number of a flat in an unknown member.
 */
export function maskPayload(value: unknown, depth = 0, name?: string): unknown {
  const isOurs = name === undefined || vocabulary.has(name)
  switch (typeof value) {
    case 'boolean':
      return isOurs ? value : '<flag>'
    case 'number':
      return name !== undefined && measurements.has(name) && Math.abs(value) < 100_000
        ? sixDigits(value)
        : '<number>'
    case 'string': {
      const isOurWord = isOurs && (vocabulary.has(value) || (name === 'type' && isTypeBut(value)))
      const plain = name === 'time' ? plainTime(value) : isOurWord ? value : undefined
      return plain ?? `<text of ${value.length}>`
    }
  }
  if (value === null) return null
  if (depth >= maxDepth) return '<nested>'
  if (Array.isArray(value))
    return value.slice(0, maxMembers).map(item => maskPayload(item, depth + 1, isOurs ? 'data' : name))
  const members = Object.entries(value as object).slice(0, maxMembers)
  return Object.fromEntries(
    members.map(([member, inner], index) => [
      vocabulary.has(member) ? member : `<member ${index + 1}>`,
      maskPayload(inner, depth + 1, isOurs ? member : name),
    ]),
  )
}
