import { type Command, InvalidArgumentError, Option } from 'commander'
import { languages } from '../../alerts/rules/rule.ts'
import { ruleNames } from '../../alerts/rules/rule-description.ts'
import { rules } from '../../alerts/rules/rules.ts'
import { storedKinds } from '../../devices/contract/kinds.ts'
import { withCommonOptions } from '../options.ts'
import { rulesDocument, rulesHistory } from '../rules/rules-history.ts'
import { setRules, unsetRules } from '../rules/set-rules.ts'
import { showRules } from '../rules/show-rules.ts'
import { testRules } from '../rules/test-rules.ts'

export function addRulesCommands(program: Command): void {
  const group = program.command('rules').description('what is looked for, and what would have been found')
  const sub = (name: string, description: string) =>
    withCommonOptions(group.command(name).description(description))
  const ofPlace = (command: Command, where: string) =>
    command.option('--site <site>', where).option('--point <building/point>', where)
  const readable = (command: Command, names: readonly string[]) =>
    command
      .addOption(new Option('--rule <name>', 'only this one').choices([...names]))
      .addOption(
        new Option('--lang <language>', 'of titles and sentences').choices([...languages]).default('en'),
      )
  const changing = (command: Command) =>
    ofPlace(command, 'there alone')
      .option('--dry-run', 'only say what would change')
      .option('--if-version <n>', 'only in place of this version', toVersion)

  readable(
    ofPlace(sub('show', 'the parameters in force at a place, and where each comes from'), 'of this place'),
    ruleNames,
  )
    .option(
      '--rules <file>',
      'those of this file, YAML or JSON, in place of those in force: see docs/rules.md',
    )
    .action(showRules)
  changing(sub('set <what...>', 'RULE.PARAMETER=VALUE, such as door-held.heldS=120; or a file, as the whole of the rules; - is standard input')) // biome-ignore format: one line
    .action(setRules)
  changing(sub('unset <what...>', 'as if it had never been said: RULE.PARAMETER, or RULE')).action(unsetRules)
  sub('document', 'what is said beside the defaults, as a file to edit')
    .option('--of <version>', 'as that version said it', toVersion)
    .action(rulesDocument)
  sub('history', 'who set what, the newest first').action(rulesHistory)
  readable(
    ofPlace(
      sub(
        'test <files...>',
        'recorded events, JSON lines, and what the rules would have said of them; - is standard input',
      ),
      'where a line does not say it',
    ),
    rules.map(({ name }) => name),
  )
    .addOption(new Option('--rules <file>', 'by the parameters of this file, YAML or JSON: see docs/rules.md').conflicts('inForce')) // biome-ignore format: one line
    .option('--in-force', 'by the rules in force, in place of the defaults')
    .option('--device <id>', 'whose events they are, where a line does not say it')
    .addOption(
      new Option('--kind <kind>', 'of exported rows, where a line does not say it').choices([...storedKinds]),
    )
    .option('--live', 'as if each had been received when it happened: what came late is judged, too')
    .option('--then <minutes>', 'let so much time go by after the last of them', toMinutes, 0)
    .action(testRules)
}

function toMinutes(text: string): number {
  const minutes = Number(text)
  if (!(minutes >= 0 && minutes <= 2 * 24 * 60))
    throw new InvalidArgumentError('it must be minutes, 2,880 at most')
  return minutes
}

function toVersion(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('it must be the number of a version')
  return Number(text)
}
