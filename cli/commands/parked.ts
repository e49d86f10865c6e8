import { type Command, InvalidArgumentError } from 'commander'
import { formatLocal } from '../../flow/zone.ts'
import { momentsIn } from '../moments.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'

export function addParkedCommands(program: Command): void {
  const parked = program.command('parked').description('payloads that broke the contract')
  const sub = (name: string, description: string) =>
    withCommonOptions(parked.command(name).description(description))

  sub('list', 'the newest first')
    .option('--limit <n>', 'at most so many', toKey, 100)
    .action(async (options: CommonOptions & { limit: number }) => {
      const { ask, config, output } = contextOf(options)
      const entries = await ask('registry', operations => operations.listParked(options.limit))
      const rows = entries.map(({ key, device, id = '', lane, receivedAt, code, reason }) => ({
        key,
        device,
        event: id,
        lane,
        received: formatLocal(config.zone, receivedAt),
        code,
        reason,
      }))
      output.table(rows, entries)
    })
  sub('show <key>', 'one, with what may be kept of its payload').action(
    async (text: string, options: CommonOptions) => {
      const { ask, config, output } = contextOf(options)
      const entry = await ask('registry', operations => operations.showParked(toKey(text)))
      output.say(JSON.stringify(entry, momentsIn(config.zone), 2).split('\n'), entry)
    },
  )
  sub('replay <key>', 'admit it again, by the contract as it is now').action(
    async (text: string, options: CommonOptions) => {
      const { ask, output } = contextOf(options)
      const outcome = await ask('registry', operations => operations.replayParked(toKey(text)))
      output.say(`${text} is ${outcome}`, { key: toKey(text), outcome })
    },
  )
  sub('drop <key>', 'forget it; it stays counted').action(async (text: string, options: CommonOptions) => {
    const { ask, output } = contextOf(options)
    await ask('registry', operations => operations.dropParked(toKey(text)))
    output.say(`${text} is dropped`, { key: toKey(text), dropped: true })
  })
}

function toKey(text: string): number {
  const key = Number(text)
  if (!Number.isSafeInteger(key) || key < 1) throw new InvalidArgumentError('it must be a number from 1 on')
  return key
}
