import type { RuleDescription } from '../../alerts/rules/rule-description.ts'
import type { RulesDocument } from '../../alerts/rules/rules-document.ts'

export interface RulePlace {
  readonly site?: string
  readonly building?: string
  readonly point?: string
}

export interface RulesAt {
  /** Version of the rules in force; 0 if nothing has ever been set. */
  readonly version: number
  readonly rules: readonly RuleDescription[]
  readonly warnings: readonly string[]
}

export interface RulesDocumentView {
  readonly version: number
  /** Epoch ms, and who set it; absent for version 0. */
  readonly at?: number
  readonly by?: string
  readonly document: RulesDocument
  /** Parts of it that are not in force, and why; then names of places where no device stands. */
  readonly warnings: readonly string[]
}

export interface RulesChangeView {
  /** For example `sites.nanshe.points.b01/d01.door-held.heldS`. */
  readonly at: string
  /** Absent if it was not set before, or is not set any more. */
  readonly before?: unknown
  readonly after?: unknown
}

export interface RulesSetView {
  readonly version: number
  readonly changes: readonly RulesChangeView[]
  /** Names of places where no device stands, perhaps typing errors. */
  readonly warnings: readonly string[]
}

export interface RulesVersionView {
  readonly version: number
  readonly at: number
  readonly by: string
  /** Changes from the previous version; absent if that is no longer kept. */
  readonly changes?: readonly RulesChangeView[]
}

export interface SetRulesOptions {
  /** The version from which the document was made. */
  readonly expected?: number
  /** Only returns what would change. */
  readonly dryRun?: boolean
}

/** All of them throw STORE_UNAVAILABLE on a gateway alone, where nothing is watched. */
export interface RuleOperations {
  /** The parameters in force at a place. Throws API_REQUEST_INVALID, or API_FORBIDDEN for another site. */
  rulesAt(query: RulePlace & { readonly rule?: string }): Promise<RulesAt>
  /** The document of a version, or the one in force. Throws API_NOT_FOUND for a version that is not kept. */
  rulesDocument(version?: number): Promise<RulesDocumentView>
  /** Throws RULES_INVALID with one line per problem, or RULES_CONFLICT. */
  setRules(document: unknown, options?: SetRulesOptions): Promise<RulesSetView>
  /** Newest first; 50 are kept. */
  rulesHistory(): Promise<RulesVersionView[]>
}
