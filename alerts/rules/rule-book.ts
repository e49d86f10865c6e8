import { LintelError } from '../../core/errors.ts'
import type { State, Table } from '../../core/state/state.ts'
import {
  changesBetween,
  parseDocument,
  type RulesChange,
  type RulesDocument,
  type RulesMeaning,
  readDocument,
} from './rules-document.ts'

export interface RulesVersion {
  /** 1, 2, 3 …; 0 if nothing has ever been set and defaults apply. */
  readonly number: number
  /** Epoch ms, and who set it; absent for version 0. */
  readonly at?: number
  readonly by?: string
  readonly document: RulesDocument
}

export interface RulesInForce extends RulesVersion, RulesMeaning {
  /** Problems in the stored document, for example after an upgrade: those parts are not in force. */
  readonly problems: readonly string[]
}

export interface RulesSet {
  /** Number of the version in force. */
  readonly number: number
  readonly changes: readonly RulesChange[]
}

/** The rules document in force, and earlier ones. Only the process that owns the state may set it. */
export interface RuleBook {
  current(): RulesInForce
  /**
   * Resolves once the document is in force; one without changes makes no version. Throws RULES_INVALID with one line
   * per problem, or RULES_CONFLICT if the version in force is not the expected one.
   */
  set(value: unknown, by: string, now: number, expected?: number): Promise<RulesSet>
  /** Compares with the version in force, without changing it. Throws as `set` does. */
  compare(value: unknown, expected?: number): RulesSet
  /** The versions that are kept, newest first. */
  history(): readonly RulesVersion[]
  /** Calls the listener with each version that comes into force. The returned function stops that. */
  listen(listener: (inForce: RulesInForce) => void): () => void
}

const keptVersions = 50
/** Enough for 10,000 points with a few parameters each. */
const mostBytes = 1024 * 1024

export function createRuleBook(state: State): RuleBook {
  const table: Table<RulesVersion> = state.table('rules')
  const listeners = new Set<(inForce: RulesInForce) => void>()
  let inForce = meant(latest(table))

  return {
    current: () => inForce,
    async set(value, by, now, expected) {
      const document = documentOf(value)
      const { version, changes } = await state.transact(() => {
        const before = latest(table)
        assertExpected(before, expected)
        const changes = changesBetween(before.document, document)
        if (changes.length === 0) return { version: before, changes }
        const version = { number: before.number + 1, at: now, by, document }
        table.put(keyOf(version.number), version)
        table.remove(keyOf(version.number - keptVersions))
        return { version, changes }
      })
      if (version.number > inForce.number) {
        inForce = meant(version)
        for (const listener of [...listeners]) listener(inForce)
      }
      return { number: version.number, changes }
    },
    compare(value, expected) {
      const document = documentOf(value)
      assertExpected(inForce, expected)
      return { number: inForce.number, changes: changesBetween(inForce.document, document) }
    },
    history: () => [...table.entries({ reverse: true })].map(([, version]) => version),
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function assertExpected({ number }: RulesVersion, expected: number | undefined): void {
  if (expected === undefined || expected === number) return
  throw new LintelError(
    'RULES_CONFLICT',
    `version ${number} of the rules is in force, not ${expected}: read it, and say what is to differ from it`,
  )
}

const keyOf = (number: number) => String(Math.max(0, number)).padStart(10, '0')
const latest = (table: Table<RulesVersion>): RulesVersion =>
  [...table.entries({ reverse: true, limit: 1 })][0]?.[1] ?? { number: 0, document: {} }
const meant = (version: RulesVersion): RulesInForce => ({ ...version, ...readDocument(version.document) })

/** Throws RULES_INVALID. */
function documentOf(value: unknown): RulesDocument {
  parseDocument(value)
  const text = JSON.stringify(value ?? {})
  if (Buffer.byteLength(text) > mostBytes)
    throw new LintelError('RULES_INVALID', `the rules take more than ${mostBytes} bytes`)
  return JSON.parse(text) as RulesDocument
}
