import { type CommonOptions, contextOf } from '../options.ts'
import { localTime } from './rows.ts'

export async function listChannels(options: CommonOptions): Promise<void> {
  const { ask, config, output } = contextOf(options)
  const channels = await ask('registry', operations => operations.listChannels())
  const local = (at: number | undefined) => (at === undefined ? '' : localTime(config.zone, at))
  const rows = channels.map(channel => ({
    channel: channel.name,
    kind: channel.kind,
    sites: channel.sites?.join(', ') ?? 'all',
    waiting: channel.waiting,
    since: local(channel.oldestAt),
    sent: channel.sent,
    'last sent': local(channel.sentAt),
    failed: channel.failed,
    undelivered: channel.undelivered,
    'quiet until': local(channel.quietUntil),
    'next try': local(channel.retryAt),
    fault: channel.fault ?? '',
  }))
  output.table(withoutBlanks(rows), channels)
}

export async function testChannel(name: string, options: CommonOptions): Promise<void> {
  const { ask, output } = contextOf(options)
  await ask('registry', operations => operations.testChannel(name))
  output.say(`${name} has taken it`, { channel: name, delivered: true })
}

/** Drops columns that are empty in every row. */
function withoutBlanks<R extends Record<string, unknown>>(rows: readonly R[]): Partial<R>[] {
  const isUsed = (name: string) => rows.some(row => row[name] !== '')
  return rows.map(
    row => Object.fromEntries(Object.entries(row).filter(([name]) => isUsed(name))) as Partial<R>,
  )
}
