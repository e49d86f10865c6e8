import type { RuleDescription } from '../../alerts/rules/rule-description.ts'
import type { RulesDocument } from '../../alerts/rules/rules-document.ts'

export interface RulePlace {
  readonly site?: string
  readonly building?: string
  readonly point?: string
}

export interface RulesAt {
  /** Of the rules in force; 0 where nothing has ever been set. */
  readonly version: number
  readonly rules: readonly RuleDescription[]
  readonly warnings: readonly string[]
}

export interface RulesDocumentView {
  readonly version: number
  /** Epoch ms, and who; absent of version 0. */
  readonly at?: number
  readonly by?: string
  readonly document: RulesDocument
  /** What of it is not in force, and why; then names of places where no device stands. */
  readonly warnings: readonly string[]
}

export interface RulesChangeView {
  /** Such as `sites.nanshe.points.b01/d01.door-held.heldS`. */
  readonly at: string
  /** Absent where it was not said, or is not any more. */
  readonly before?: unknown
  readonly after?: unknown
}

export interface RulesSetView {
  readonly version: number
  readonly changes: readonly RulesChangeView[]
  /** Names of places where no device stands: slips of the pen, perhaps. */
  readonly warnings: readonly string[]
}

export interface RulesVersionView {
  readonly version: number
  readonly at: number
  readonly by: string
  /** From the version before; absent where that is not kept any more. */
  readonly changes?: readonly RulesChangeView[]
}

export interface SetRulesOptions {
  /** The version that the document was made from. */
  readonly expected?: number
  /** Only says what would change. */
  readonly dryRun?: boolean
}

/** All of them throw STORE_UNAVAILABLE on a gateway alone, where nobody watches. */
export interface RuleOperations {
  /** The parameters in force at a place. Throws API_REQUEST_INVALID, or API_FORBIDDEN for a site of others. */
  rulesAt(query: RulePlace & { readonly rule?: string }): Promise<RulesAt>
  /** That of a version, or the one in force. Throws API_NOT_FOUND for a version that is not kept. */
  rulesDocument(version?: number): Promise<RulesDocumentView>
  /** Throws RULES_INVALID with a line for each problem, or RULES_CONFLICT. */
  setRules(document: unknown, options?: SetRulesOptions): Promise<RulesSetView>
  /** The newest first; 50 are kept. */
  rulesHistory(): Promise<RulesVersionView[]>
}
