import { type Command, InvalidArgumentError, Option } from 'commander'
import { outcomes, statuses } from '../../alerts/book/alert.ts'
import { languages, severities } from '../../alerts/rules/rule.ts'
import { ruleNames } from '../../alerts/rules/rule-description.ts'
import { acknowledge, assign, comment, resolve } from '../alerts/act.ts'
import { listChannels, testChannel } from '../alerts/channels.ts'
import { listAlerts, report, showAlert } from '../alerts/look.ts'
import { savePictures } from '../alerts/pictures.ts'
import { addSnooze, listSnoozes, removeSnooze } from '../alerts/snooze.ts'
import { watchAlerts } from '../alerts/watch.ts'
import { withCommonOptions } from '../options.ts'

const another = (name: string, names: readonly string[] = []) => [...names, name]

export function addAlertCommands(program: Command): void {
  const alerts = program.command('alerts').description('what is wrong, who sees to it, and what became of it')
  const plain = (name: string, description: string) =>
    withCommonOptions(alerts.command(name).description(description))
  const sub = (name: string, description: string) =>
    plain(name, description).addOption(
      new Option('--lang <language>', 'default: that of the terminal').choices([...languages]),
    )
  const ofPlace = (command: Command) =>
    command
      .option('--building <name>', 'only of this building')
      .option('--point <name>', 'only of this point')
      .option('--device <id>', 'only of this device')
  const several = (command: Command, flags: string, description: string, choices?: readonly string[]) => {
    const option = new Option(flags, `${description}; may be repeated`).argParser(another)
    return command.addOption(choices === undefined ? option : withChoices(option, choices))
  }
  const withNote = (command: Command) => command.option('--note <text>', 'a line for its history')
  const withShift = (command: Command) =>
    command
      .option('--last <time>', 'such as 8h or 7d')
      .option('--from <time>', 'date or time, in the zone unless it has an offset')
      .option('--to <time>', 'not included (default: now)')

  const list = sub('list', 'the newest first').option('--open', 'only those that nobody has closed')
  several(list, '--status <status>', `of ${statuses.join(', ')}`, statuses)
  several(list, '--severity <severity>', `of ${severities.join(', ')}`, severities)
  several(list, '--rule <name>', 'only of this rule', ruleNames)
  several(list, '--site <name>', 'only of this site')
  withShift(ofPlace(list).option('--assignee <name>', 'only whose it is'))
    .option('--limit <n>', 'at most so many', toCount, 50)
    .action(listAlerts)
  sub('show <id>', 'one, with its history; four characters of its id will do').action(showAlert)
  sub('picture <id>', 'the pictures of one, redacted, as files: the one nearest to what happened')
    .option('--all', 'all of them, 20 at most')
    .option('--out <dir>', 'where to', '.')
    .option('--plain', 'as they are kept, without boxes')
    .action(savePictures)
  withNote(sub('ack <ids...>', 'somebody sees to it')).action(acknowledge)
  withNote(sub('resolve <ids...>', 'say what it was; also of one that has ended by itself'))
    .addOption(new Option('--as <outcome>', 'what it was; always needed').choices([...outcomes]))
    // Commander's error for a missing mandatory option would not list the choices.
    .hook('preAction', command => {
      if (command.opts<{ as?: string }>().as === undefined)
        command.error(`error: --as is missing: it is one of ${outcomes.join(', ')}`)
    })
    .action(resolve)
  sub('assign <id> [name]', 'whose it is; without a name nobody’s').action(assign)
  sub('comment <id> <text>', 'add a line to its history').action(comment)
  withNote(ofPlace(sub('snooze', 'tell nobody of what a rule raises, or of a place, for a while')))
    .addOption(new Option('--rule <name>', 'only of this rule').choices([...ruleNames]))
    .option('--site <name>', 'only of this site')
    .option('--all', 'of everything, where neither rule nor place is said')
    .addOption(new Option('--for <time>', 'such as 30m, 2h or 3d').conflicts('until'))
    .option('--until <time>', 'date or time')
    .option('--from <time>', 'date or time (default: now)')
    .option('--maintenance', 'it is worked on: what is raised meanwhile closes by itself, as that')
    .action(addSnooze)
  sub('snoozes', 'what is quiet now, or will be').action(listSnoozes)
  sub('unsnooze <id>', 'end it: what goes on under it is told').action(removeSnooze)
  several(sub('report', 'what became of alerts in a shift; of the last 12 hours where it does not say'), '--site <name>', 'only of this site') // biome-ignore format: one thing
    .option(
      '--shift [name]',
      'day (08:00 to 20:00), night, or such as 16:00-24:00: the latest that has begun',
    )
    .option('--last <time>', 'such as 8h or 7d')
    .option('--from <time>', 'date or time, in the zone unless it has an offset')
    .option('--to <time>', 'not included (default: now)')
    .action(report)
  several(sub('watch', 'follow changes as they come'), '--site <name>', 'only of this site')
    .option('--after <number>', 'begin behind this change', toNumber)
    .action(watchAlerts)
  plain('channels', 'how people are told of alerts, and how that goes').action(listChannels)
  plain('test <channel>', 'send a message over it that says that it is a test').action(testChannel)
}

function withChoices(option: Option, choices: readonly string[]): Option {
  return option.argParser((value: string, before: readonly string[] | undefined) => {
    if (!choices.includes(value)) throw new InvalidArgumentError(`it must be one of ${choices.join(', ')}`)
    return another(value, before)
  })
}

function toCount(text: string): number {
  const count = toNumber(text)
  if (count === 0) throw new InvalidArgumentError('it must be a number from 1 on')
  return count
}

function toNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('it must be a whole number')
  return number
}
