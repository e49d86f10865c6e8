import { dataSchemas, eventTypes } from './kinds.ts'

/**
 * What a record keeps is decided by a list of what is allowed (`dataSchemas`), so a personal member
 * is cut whatever its spelling. The patterns here only tell such members apart from harmless unknown
 * ones, so that they are counted per device and its maker is told.
 */
const maxNameLength = 64
const personalName =
  /name|nick|idcard|identity|certificate|document|passport|cardno|cardnum|cardid|credential|phone|mobile|^tel$|telno|telnum|telephone|msisdn|plate|licen[cs]e|vin$|(?<!inter|sur)face(?!t)|feature|template|embedding|biometric|fingerprint|iris|portrait|photo|avatar|birth|gender|sex|^age$|ethnic|nationality|(?<!desti|combi|termi|coordi|origi)nation|address|email|mail|wechat|weixin|openid|unionid|userid|personid|residentid|person|owner|household|姓|名|身份|证|卡号|手机|电话|车牌|人脸|照片|生日|性别|民族|住址|地址|邮箱|微信/u

const ascii = /^[\x20-\x7e]*$/

/** What a member's name, in any case and with any separators, says of a person, in a word of `personalName`. */
export function personalWordIn(name: string): string | undefined {
  // Normalising may make one character eighteen.
  const short = name.slice(0, maxNameLength)
  const normal = ascii.test(short) ? short : short.normalize('NFKC').slice(0, maxNameLength)
  const plain = normal.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
  return personalName.exec(plain)?.[0]
}

const mobileNumber = /^(?:\+?86)?1[3-9]\d{9}$/
const residentNumber = /^\d{6}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]$/

/** Whether a text is a mainland mobile number or resident identity number (GB 11643, checksum included). */
export function isPersonalNumber(text: string): boolean {
  if (mobileNumber.test(text)) return true
  if (!residentNumber.test(text)) return false
  let sum = 0
  for (let i = 0; i < 17; i++) sum += Number(text[i]) * (2 ** (17 - i) % 11)
  return '10X98765432'[sum % 11] === text[17]!.toUpperCase()
}

const longNumber = /\d{11,18}[Xx]?/g

/** The same, anywhere in it: `card-13812345678`. */
export function holdsPersonalNumber(text: string): boolean {
  return text.match(longNumber)?.some(isPersonalNumber) ?? false
}

/** The text with such numbers taken out. */
export function withoutPersonalNumbers(text: string): string {
  return text.replace(longNumber, number => (isPersonalNumber(number) ? '<number>' : number))
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
  /** Unknown members that say nothing of a person, and those that do. */
  ignored: number
  personalMembers: number
  /** What the latter speak of, in our words: a name as it came may itself be a person's. Empty almost always. */
  personal: Set<string>
}

const nothing: Cut = Object.freeze({ ignored: 0, personalMembers: 0, personal: new Set<string>() })
const noNames: ReadonlySet<string> = new Set()
/** How deep, and at how many members of a message, it is looked for what speaks of a person. */
const maxLookDepth = 8
const maxLooked = 5000

/** What may still be looked at in a message: a device that fills it with members must not hold up the others. */
export interface LookBudget {
  left: number
}
export const newLookBudget = (): LookBudget => ({ left: maxLooked })

/** What of an event will not be kept. Its values are never copied anywhere. */
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
    if (look.cut === nothing) look.cut = { ignored: 0, personalMembers: 0, personal: new Set() }
    const { cut } = look
    const word = personalWordIn(name)
    if (word !== undefined) {
      cut.personalMembers++
      cut.personal.add(word)
    } else if (depth === 0) cut.ignored++
    const member = (value as Record<string, unknown>)[name]
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

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/
/** Members that are numbers: a number anywhere else may be a day of birth or a flat. */
const measurements = new Set<string>(
  eventTypes.flatMap(type =>
    Object.entries(dataSchemas[type].properties).flatMap(([name, member]) =>
      /^(?:integer|number)$/.test((member as { type?: string }).type ?? '') ? [name] : [],
    ),
  ),
)
const maxDepth = 4
const maxMembers = 32

/**
 * What may be parked of a payload that broke the contract: its shape and, in members of the contract,
 * its own words, flags, measurements and the event's time; every other text or number becomes its type
 * and size. Enough to see what is wrong and to try again once the contract has grown; nothing that could
 * be a person's, such as the day of birth or the number of the flat in a member that we do not know.
 */
export function maskPayload(value: unknown, depth = 0, name?: string): unknown {
  const isOurs = name === undefined || vocabulary.has(name)
  switch (typeof value) {
    case 'boolean':
      return isOurs ? value : '<flag>'
    case 'number':
      return name !== undefined && measurements.has(name) && Math.abs(value) < 100_000 ? value : '<number>'
    case 'string': {
      const isPlain = isOurs && (vocabulary.has(value) || (name === 'time' && rfc3339.test(value)))
      return isPlain ? value : `<text of ${value.length}>`
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
