import { dataSchemas, eventTypes } from './kinds.ts'

/**
 * What a record keeps is decided by a list of what is allowed (`dataSchemas`), so a personal member
 * is cut whatever its spelling. The patterns here only tell such members apart from harmless unknown
 * ones, so that they are counted per device and its maker is told.
 */
const personalName =
  /name|nick|idcard|identity|certificate|document|passport|cardno|cardnum|cardid|credential|phone|mobile|tel|msisdn|plate|licen[cs]e|vin$|face|feature|template|embedding|biometric|fingerprint|iris|portrait|photo|avatar|birth|gender|sex|^age$|ethnic|nation|address|email|mail|wechat|weixin|openid|unionid|userid|personid|residentid|person|owner|household|姓|名|身份|证|卡号|手机|电话|车牌|人脸|照片|生日|性别|民族|住址|地址|邮箱|微信/u

/** Whether a member's name, in any case and with any separators, speaks of a person. */
export function isPersonalName(name: string): boolean {
  return personalName.test(
    name
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[\s_.\-:/]/g, ''),
  )
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
  /** Unknown members, ignored: how many. */
  ignored: number
  /** Names of the members that speak of a person, at most `maxNamed`. Empty almost always. */
  personal: string[]
}

const maxNamed = 8
const nothing: Cut = Object.freeze({ ignored: 0, personal: Object.freeze([]) as unknown as string[] })

/** What of an event will not be kept. Its values are not looked at: they are never copied anywhere. */
export function findCut(event: Readonly<Record<string, unknown>>): Cut {
  const known = knownData.get(event.type as string)
  let cut = nothing
  for (const name in event) if (!knownEnvelope.has(name)) cut = addTo(cut, name)
  const data = event.data
  if (known !== undefined && typeof data === 'object' && data !== null) {
    for (const name in data) if (!known.has(name)) cut = addTo(cut, name)
  }
  return cut
}

function addTo(cut: Cut, name: string): Cut {
  const next = cut === nothing ? { ignored: 0, personal: [] } : cut
  if (isPersonalName(name) && next.personal.length < maxNamed) next.personal.push(name.slice(0, 32))
  else next.ignored++
  return next
}

const vocabulary = new Set<string>([
  ...envelopeNames,
  ...eventTypes,
  ...eventTypes.flatMap(type => Object.keys(dataSchemas[type].properties)),
  ...eventTypes.flatMap(type =>
    Object.values(dataSchemas[type].properties).flatMap(member => (member as { enum?: string[] }).enum ?? []),
  ),
])

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ][\d:.]+(?:[Zz]|[+-]\d\d:\d\d)$/
const maxDepth = 4
const maxMembers = 32

/**
 * What may be parked of a payload that broke the contract: its shape, the contract's own words, times,
 * flags and small numbers; every other text or number becomes its type and size. Enough to see what is
 * wrong and to try again once the contract has grown; nothing that could be a person's.
 */
export function maskPayload(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'boolean':
      return value
    case 'number':
      return Math.abs(value) < 100_000 ? value : '<number>'
    case 'string':
      return vocabulary.has(value) || rfc3339.test(value) ? value : `<text of ${value.length}>`
  }
  if (value === null) return null
  if (depth >= maxDepth) return '<nested>'
  if (Array.isArray(value)) return value.slice(0, maxMembers).map(item => maskPayload(item, depth + 1))
  const members = Object.entries(value as object).slice(0, maxMembers)
  return Object.fromEntries(
    members.map(([name, member], index) => [
      vocabulary.has(name) ? name : `<member ${index + 1}>`,
      maskPayload(member, depth + 1),
    ]),
  )
}
