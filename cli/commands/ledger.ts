import type { Command } from 'commander'
import type { LedgerRow } from '../../api/ledger.ts'
import { formatLocal } from '../../flow/zone.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'
import { note } from '../output.ts'

export function addLedgerCommand(program: Command): void {
  withCommonOptions(program.command('ledger'))
    .description('received = stored + duplicate + parked + refused + queued; exits 1 if it does not add up')
    .option('--total', 'only the total, not each device')
    .action(async (options: CommonOptions & { total?: boolean }) => {
      const { ask, config, output } = contextOf(options)
      const ledger = await ask('store', operations => operations.ledger())
      const devices = options.total ? [] : ledger.devices
      const rows = [
        ...devices,
        { device: 'events, total', ...ledger.total },
        { device: 'snapshots, total', ...ledger.snapshots },
      ]
      output.table(rows.map(mark), options.total ? { ...ledger, devices: [] } : ledger)
      for (const { first, last, firstReceivedAt, lastReceivedAt, missing } of ledger.differing) {
        const rows =
          missing < 0 ? `${-missing} too many` : missing === 0 ? 'other rows' : `${missing} too few`
        const local = (text: string) => formatLocal(config.zone, Date.parse(text))
        const received = `received ${local(firstReceivedAt)} to ${local(lastReceivedAt)}`
        note(`the rows of positions ${first} to ${last}, ${received}, differ: ${rows}`)
      }
      if (!ledger.balanced) process.exitCode = 1
    })
}

function mark({ device, ...row }: LedgerRow & { device: string }) {
  return { device, ...row, '': row.difference === 0 ? '' : '<- does not add up' }
}
