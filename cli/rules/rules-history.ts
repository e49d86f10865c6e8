import { stringify } from 'yaml'
import type { RulesChangeView } from '../../api/operations/rule-view.ts'
import { formatLocal } from '../../flow/zone.ts'
import { type CommonOptions, contextOf } from '../options.ts'
import { textOf } from './set-rules.ts'

const mostTold = 5

export async function rulesHistory(options: CommonOptions): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const versions = await ask('registry', operations => operations.rulesHistory())
  if (versions.length === 0) output.say('no rules were ever set: all is by default', versions)
  else
    output.table(
      versions.map(({ version, at, by, changes }) => ({
        version,
        at: formatLocal(config.zone, at),
        by,
        changes: changes === undefined ? 'the version before is not kept' : summaryOf(changes),
      })),
      versions,
    )
}

function summaryOf(changes: readonly RulesChangeView[]): string {
  const told = changes
    .slice(0, mostTold)
    .map(({ at, after }) => `${at} ${after === undefined ? 'unset' : textOf(after)}`)
  return [...told, ...(changes.length > mostTold ? [`${changes.length - mostTold} more`] : [])].join(', ')
}

/** Prints the document as a file to edit. */
export async function rulesDocument({
  of: wanted,
  ...options
}: CommonOptions & { of?: number }): Promise<void> {
  const { ask, config, output, json } = contextOf(options)
  const view = await ask('registry', operations => operations.rulesDocument(wanted))
  if (json) {
    output.say('', view)
    return
  }
  const { version, at, by, document, warnings } = view
  const since = at === undefined ? 'nothing was ever set' : `since ${formatLocal(config.zone, at)}, by ${by}`
  const head = [`version ${version}, ${since}`, ...warnings.map(warning => `warning: ${warning}`)]
  output.say([...head.map(line => `# ${line}`), ...stringify(document).trimEnd().split('\n')])
}
