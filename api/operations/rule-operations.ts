import { strangersOf } from '../../alerts/detect/known-places.ts'
import type { RuleBook, RulesVersion } from '../../alerts/rules/rule-book.ts'
import { describeRules } from '../../alerts/rules/rule-description.ts'
import { changesBetween, type RulesChange, type RulesDocument } from '../../alerts/rules/rules-document.ts'
import { LintelError } from '../../core/errors.ts'
import { seesSite, type Viewer } from '../viewer.ts'
import type { OperationParts } from './operation-parts.ts'
import type { RuleOperations, RulePlace, RulesChangeView } from './rule-view.ts'

export function createRuleOperations(
  { ruleBook, registry, clock }: Pick<OperationParts, 'ruleBook' | 'registry' | 'clock'>,
  viewer: Viewer,
): RuleOperations {
  function book(): RuleBook {
    if (ruleBook !== undefined) return ruleBook
    throw new LintelError('STORE_UNAVAILABLE', 'this is a gateway alone: ask the centre that it reports to')
  }
  const warningsOf = (document: RulesDocument) => strangersOf(document, registry.list())
  const seenChanges = (changes: readonly RulesChange[]): RulesChangeView[] =>
    changes
      .filter(({ path: [layer, site] }) => layer !== 'sites' || seesSite(viewer, site!))
      .map(({ path, ...rest }) => ({ at: path.join('.'), ...rest }))

  return {
    async rulesAt({ rule: wanted, ...place }) {
      assertPlace(place, viewer)
      const { number, settings } = book().current()
      const rules = describeRules(settings, place, wanted)
      return { version: number, rules, warnings: warningsOf(documentOf(place)) }
    },
    async rulesDocument(wanted) {
      const { problems, ...current } = book().current()
      const version = wanted === undefined || wanted === current.number ? current : find(book(), wanted)
      const { number, at, by, document } = version
      const seen = seenOf(document, viewer)
      const broken = version === current && viewer.sites === undefined ? problems : []
      return {
        version: number,
        ...(at === undefined ? {} : { at }),
        ...(by === undefined ? {} : { by }),
        document: seen,
        warnings: [...broken, ...warningsOf(seen)],
      }
    },
    async setRules(document, { expected, dryRun = false } = {}) {
      const { number, changes } = dryRun
        ? book().compare(document, expected)
        : await book().set(document, viewer.name, clock(), expected)
      const warnings = warningsOf((document ?? {}) as RulesDocument)
      return { version: number, changes: seenChanges(changes), warnings }
    },
    async rulesHistory() {
      const versions = book().history()
      return versions.map(({ number, at = 0, by = '', document }, index) => {
        const before = number === 1 ? {} : versions[index + 1]?.document
        const told = before && { changes: seenChanges(changesBetween(before, document)) }
        return { version: number, at, by, ...told }
      })
    },
  }
}

/** Throws API_REQUEST_INVALID or API_FORBIDDEN. */
function assertPlace({ site, building, point }: RulePlace, viewer: Viewer): void {
  if ((point !== undefined && building === undefined) || (building !== undefined && site === undefined))
    throw new LintelError('API_REQUEST_INVALID', 'a building is of a site, and a point of a building: say it')
  if (site !== undefined && !seesSite(viewer, site))
    throw new LintelError('API_FORBIDDEN', `${site.slice(0, 64)} is not one of your sites`)
}

/** A document that names this place but sets nothing for it. */
const documentOf = ({ site, building, point }: RulePlace): RulesDocument =>
  site === undefined
    ? {}
    : { sites: { [site]: point === undefined ? {} : { points: { [`${building}/${point}`]: {} } } } }

function find(book: RuleBook, wanted: number): RulesVersion {
  const found = book.history().find(({ number }) => number === wanted)
  if (found !== undefined) return found
  throw new LintelError('API_NOT_FOUND', `version ${wanted} of the rules is not kept: see their history`)
}

/** Leaves out sites that the user may not see. */
function seenOf(document: RulesDocument, viewer: Viewer): RulesDocument {
  if (viewer.sites === undefined || document.sites === undefined) return document
  const sites = Object.entries(Object(document.sites)).filter(([site]) => seesSite(viewer, site))
  return { ...document, sites: Object.fromEntries(sites) }
}
