import type { RulesDocument } from '../../alerts/rules/rules-document.ts'
import type { Operations } from '../../api/operations/operations.ts'
import type { RulesSetView } from '../../api/operations/rule-view.ts'
import { LintelError } from '../../core/errors.ts'
import { type CommonOptions, contextOf } from '../options.ts'
import type { Output } from '../output.ts'
import { assign, parseAssignment, unassign } from './edit-document.ts'
import { readRulesFile } from './rules-file.ts'
import { type PlaceOptions, placeWithin } from './rules-place.ts'

export interface SetOptions extends CommonOptions, PlaceOptions {
  readonly dryRun?: boolean
  readonly ifVersion?: number
}

/** A file replaces all rules; assignments change some parameters of those in force. */
export async function setRules(given: readonly string[], options: SetOptions): Promise<void> {
  placeWithin(options)
  const assignments = given.flatMap(text => parseAssignment(text) ?? [])
  if (assignments.length === given.length)
    return change(options, document =>
      assignments.reduce((changed, each) => assign(changed, options, each), document),
    )
  if (given.length > 1) {
    const odd = given.find(text => parseAssignment(text) === undefined)
    throw new LintelError(
      'RULES_INVALID',
      `${odd}: say RULE.PARAMETER=VALUE, such as door-held.heldS=120, once or more; or one file`,
    )
  }
  if (options.site !== undefined)
    throw new LintelError('RULES_INVALID', 'a file says itself of which places it is: leave --site out')
  const { document } = readRulesFile(given[0]!)
  const { ask, output, json } = contextOf(options)
  const told = await ask('registry', operations => operations.setRules(document, optionsOf(options)))
  tell(told, options, output, json)
}

export const unsetRules = (names: readonly string[], options: SetOptions): Promise<void> => {
  placeWithin(options)
  return change(options, document =>
    names.reduce((changed, name) => unassign(changed, options, name), document),
  )
}

/** Based on the version it was made from, so that changes by others meanwhile are not undone. */
async function change(options: SetOptions, edit: (document: RulesDocument) => RulesDocument): Promise<void> {
  const { ask, output, json } = contextOf(options)
  const act = async (operations: Operations) => {
    const { version, document } = await operations.rulesDocument()
    return operations.setRules(edit(document), { expected: version, ...optionsOf(options) })
  }
  tell(await ask('registry', act), options, output, json)
}

const optionsOf = ({ dryRun = false, ifVersion }: SetOptions) => ({
  dryRun,
  ...(ifVersion === undefined ? {} : { expected: ifVersion }),
})

function tell(told: RulesSetView, { dryRun = false }: SetOptions, output: Output, json: boolean): void {
  const { version, changes, warnings } = told
  if (json) {
    output.say('', told)
    return
  }
  const rows = changes.map(({ at, before, after }) => ({
    what: at,
    before: textOf(before),
    after: textOf(after),
  }))
  if (rows.length > 0) output.table(rows)
  for (const warning of warnings) output.say(`warning: ${warning}`)
  const nothing = changes.length === 0 ? 'that changes nothing: ' : dryRun ? 'nothing was changed: ' : ''
  output.say(`${nothing}version ${version} is in force`)
}

export const textOf = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
