import { Command, CommanderError } from 'commander'
import { codeOf, messageOf } from '../core/errors.ts'
import { exitCodeOf, exitCodes } from '../core/exits.ts'
import { version } from '../core/version.ts'
import { addAccountCommands } from './commands/accounts.ts'
import { addAlertCommands } from './commands/alerts.ts'
import { addAuditCommands } from './commands/audit.ts'
import { addBackfillCommand } from './commands/backfill.ts'
import { addBacktestCommand } from './commands/backtest.ts'
import { addCheckCommands } from './commands/checks.ts'
import { addClockCommands } from './commands/clock.ts'
import { addDeviceCommands } from './commands/devices.ts'
import { addExportCommand } from './commands/export.ts'
import { addFlowCommand } from './commands/flow.ts'
import { addLedgerCommand } from './commands/ledger.ts'
import { addModelCommands } from './commands/models.ts'
import { addParkedCommands } from './commands/parked.ts'
import { addRetentionCommands } from './commands/retention.ts'
import { addRulesCommands } from './commands/rules.ts'
import { addServiceCommands } from './commands/service.ts'
import { addSimulateCommand } from './commands/simulate.ts'
import { addSnapshotCommands } from './commands/snapshots.ts'
import { note } from './output.ts'

const program = new Command('lintel')
  .description('Counts what passes doors and checkpoints; knows nobody.')
  .version(version)
  .showHelpAfterError('--help, behind the command, says how it is used')

addServiceCommands(program)
addDeviceCommands(program)
addFlowCommand(program)
addExportCommand(program)
addBackfillCommand(program)
addBacktestCommand(program)
addLedgerCommand(program)
addParkedCommands(program)
addAlertCommands(program)
addRulesCommands(program)
addAccountCommands(program)
addAuditCommands(program)
addRetentionCommands(program)
addClockCommands(program)
addSimulateCommand(program)
addSnapshotCommands(program)
addCheckCommands(program)
addModelCommands(program)

// Whoever reads has seen enough: `lintel … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

try {
  await program.parseAsync()
} catch (error) {
  const code = codeOf(error)
  if (code !== undefined) note(`${code}: ${messageOf(error)}`)
  else if (error instanceof CommanderError) note(`error: ${error.message}`)
  else note(error instanceof Error ? (error.stack ?? error.message) : String(error))
  // For a command, what may pass and what failed are one: it is not started again by itself.
  process.exitCode = exitCodeOf(error) === exitCodes.config ? exitCodes.config : exitCodes.failed
}
