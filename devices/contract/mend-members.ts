import { dataSchemas, type Kind, kindCodes } from './kinds.ts'

interface Member {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'array'
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
}
interface NamedMember extends Member {
  readonly name: string
  readonly isRequired: boolean
}

const membersOf = new Map<Kind, readonly NamedMember[]>(
  kindCodes.map(kind => {
    const { properties, required = [] } = dataSchemas[kind] as unknown as {
      properties: Record<string, Member>
      required?: readonly string[]
    }
    const named = Object.entries(properties).map(([name, member]) => ({
      ...member,
      name,
      isRequired: required.includes(name),
    }))
    return [kind, named]
  }),
)

/**
 * Repairs members that break the contract, so that they do not cost an event that is clear without them. It reads a
 * number or a flag in quotes, a word in capitals, and a firmware version among other words. A word that is not listed
 * becomes `other` or `unknown` if the enumeration has one. An optional member that cannot be read is removed; a required
 * one stays, for the schema to refuse. Changes `data`; returns the names of the changed members.
 */
export function mendMembers(kind: Kind, data: unknown): string[] {
  if (typeof data !== 'object' || data === null) return []
  const values = data as Record<string, unknown>
  const mended: string[] = []
  for (const member of membersOf.get(kind)!) {
    const { name, isRequired } = member
    const value = values[name]
    if (value === undefined || fits(member, value)) continue
    const better = readAs(member, value)
    if (better !== undefined) values[name] = better
    else if (isRequired) continue
    else delete values[name]
    mended.push(name)
  }
  return mended
}

function fits({ type, enum: words, minimum, maximum, pattern }: Member, value: unknown): boolean {
  if (words !== undefined) return words.includes(value as string)
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean'
    case 'string':
      return typeof value === 'string' && (pattern === undefined || new RegExp(pattern).test(value))
    case 'number':
    case 'integer':
      if (typeof value !== 'number' || (type === 'integer' && !Number.isInteger(value))) return false
      return value >= (minimum ?? value) && value <= (maximum ?? value)
    default:
      return Array.isArray(value)
  }
}

/** The only value that can be meant; undefined if that is not clear. */
function readAs(member: Member, value: unknown): unknown {
  const read = readText(member, value)
  if (read !== undefined && fits(member, read)) return read
  if (typeof value !== 'string') return undefined
  return member.enum?.find(word => word === 'other' || word === 'unknown')
}

const numberInQuotes = /^\s*[+-]?\d{1,16}(?:\.\d{1,16})?\s*$/

function readText({ type, enum: words }: Member, value: unknown): unknown {
  if (type === 'boolean' && (value === 0 || value === 1)) return value === 1
  if (typeof value !== 'string') return undefined
  if (words !== undefined) return value.trim().toLowerCase()
  if (type === 'boolean') return ({ true: true, false: false, 1: true, 0: false } as Record<string, boolean>)[value.trim().toLowerCase()] // biome-ignore format: a table
  if (type === 'string') return plainVersion(value)
  return numberInQuotes.test(value) ? Number(value) : undefined
}

const versionWords = new Set(
  'v ver version r rev revision rel release build date fw sp patch alpha beta rc'.split(' '),
)

/** Turns `V3.2.30 build 220210` into one word, with dashes for blanks. Drops words that no version has: they may be a person's name. */
function plainVersion(text: string): string | undefined {
  const words = text.split(/[^A-Za-z0-9._+-]+/)
  const kept = words.filter(word => /\d/.test(word) || versionWords.has(word.toLowerCase()))
  return kept.some(word => /\d/.test(word)) ? kept.join('-') : undefined
}
