import { type Command, InvalidArgumentError } from 'commander'
import { formatLink } from '../../api/audit/chain.ts'
import { formatLocal } from '../../flow/zone.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'

export function addAuditCommands(program: Command): void {
  const audit = withCommonOptions(program.command('audit'))
    .description('who did what: the latest, the oldest of them first')
    .option('--limit <n>', 'at most so many', toCount, 50)
    .option('--after <seq>', 'those that come after this one', toPosition)
    .action(list)
  withCommonOptions(audit.command('verify'))
    .description(
      'whether nothing in it was altered or taken out; exits 1 if something was, 2 where that cannot be told',
    )
    .option('--noted <seq:hash>', 'a head that was noted down, which it has to go on from')
    .action(verify)
}

async function list(options: CommonOptions & { limit: number; after?: number }): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const { limit, after } = options
  const entries = await ask('registry', operations =>
    operations.listAudit({ limit, ...(after === undefined ? {} : { after }) }),
  )
  const rows = entries.map(({ seq, at, as, who, action, target, address }) => ({
    seq,
    at: formatLocal(config.zone, at),
    who: as === 'account' || as === 'operator' ? who : `${as} ${who}`.trim(),
    action,
    target,
    from: address,
  }))
  output.table(rows, entries)
}

async function verify(_: object, command: Command): Promise<void> {
  const options = command.optsWithGlobals() as CommonOptions & { noted?: string }
  const { ask, output } = contextOf(options)
  const verdict = await ask('registry', operations => operations.verifyAudit(options.noted))
  const { verdict: told, fault, entries, anchor, head } = verdict
  const isBare = told === 'whole' && options.noted === undefined
  const lines = [
    told === 'broken'
      ? `the audit log is not whole: ${fault}`
      : told === 'unknown'
        ? `it cannot be told whether the audit log is whole: ${fault}`
        : `${entries} entries, whole, from ${anchor.seq + 1} on`,
    ...(isBare
      ? ['one that was made anew as a whole is told only by a head that was noted down: --noted']
      : []),
    ...(told === 'broken' ? [] : ['note its head down elsewhere:', formatLink(head)]),
  ]
  output.say(lines, verdict)
  if (told !== 'whole') process.exitCode = told === 'broken' ? 1 : 2
}

function toCount(text: string): number {
  const n = toPosition(text)
  if (n === 0) throw new InvalidArgumentError('it must be from 1 on')
  return n
}

function toPosition(text: string): number {
  const n = Number(text)
  if (!Number.isSafeInteger(n) || n < 0) throw new InvalidArgumentError('it must be a whole number')
  return n
}
