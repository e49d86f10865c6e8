import { replay } from '../../alerts/detect/replay.ts'
import { explain } from '../../alerts/rules/explain.ts'
import type { Finding } from '../../alerts/rules/rule.ts'
import { parseRules, type RuleSettings, readSettings } from '../../alerts/rules/rule-settings.ts'
import { minuteMs } from '../../core/clock.ts'
import { formatLocal } from '../../flow/zone.ts'
import { contextOf } from '../options.ts'
import { readRecording } from '../recording.ts'
import { readRulesFile } from './rules-file.ts'
import { splitPlace } from './rules-place.ts'
import type { ShowOptions } from './show-rules.ts'

export interface TestOptions extends ShowOptions {
  readonly device?: string
  readonly kind?: string
  readonly live?: boolean
  readonly inForce?: boolean
  readonly then: number
}

/** Shows what rules would have found in recorded events: with default parameters, those of a file, or those in force. */
export async function testRules(files: string[], options: TestOptions): Promise<void> {
  const { rule: wanted, lang, then } = options
  const { config, output, json } = contextOf(options)
  const { settings, which } = await settingsOf(options)
  const recorded = await readRecording(files, { ...options, ...splitPlace(options) })
  const found: Finding[] = []
  for (const finding of replay(recorded, settings, then * minuteMs)) {
    if (wanted !== undefined && finding.rule !== wanted) continue
    found.push(finding)
  }
  output.table(
    found.map(finding => ({
      occurred: formatLocal(config.zone, finding.occurredAt),
      received: formatLocal(config.zone, finding.receivedAt),
      rule: finding.rule,
      kind: finding.kind,
      severity: finding.severity,
      says: explain(finding, lang),
    })),
    found.map(finding => ({ ...finding, en: explain(finding, 'en'), zh: explain(finding, 'zh') })),
  )
  if (json) return
  const raised = found.filter(({ kind }) => kind === 'raised').length
  const cleared = found.length - raised
  const devices = new Set(recorded.map(({ device }) => device)).size
  output.say(
    `${recorded.length} records of ${devices} devices: ${raised} raised, ${cleared} cleared, ${raised - cleared} still raised, with the ${which}`,
  )
}

async function settingsOf(options: TestOptions): Promise<{ settings: RuleSettings; which: string }> {
  const { rules: file, inForce = false } = options
  if (file !== undefined) return { settings: readRulesFile(file).meaning.settings, which: `rules of ${file}` }
  if (!inForce) return { settings: parseRules(), which: 'defaults' }
  const { ask } = contextOf(options)
  const { version, document } = await ask('registry', operations => operations.rulesDocument())
  return { settings: readSettings(document).settings, which: `rules in force, version ${version}` }
}
