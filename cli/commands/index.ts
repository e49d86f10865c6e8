import type { Command } from 'commander'

/** Commands that one module adds, in the order of the help. */
interface Group {
  readonly names: readonly string[]
  /** Loads the module and adds them. */
  add(program: Command): Promise<void>
}

export const groups: readonly Group[] = [
  { names: ['up', 'gateway'], add: async to => (await import('./service.ts')).addServiceCommands(to) },
  { names: ['status'], add: async to => (await import('./status.ts')).addStatusCommand(to) },
  { names: ['device'], add: async to => (await import('./devices.ts')).addDeviceCommands(to) },
  { names: ['flow'], add: async to => (await import('./flow.ts')).addFlowCommand(to) },
  { names: ['export'], add: async to => (await import('./export.ts')).addExportCommand(to) },
  { names: ['backfill'], add: async to => (await import('./backfill.ts')).addBackfillCommand(to) },
  { names: ['backtest'], add: async to => (await import('./backtest.ts')).addBacktestCommand(to) },
  { names: ['ledger'], add: async to => (await import('./ledger.ts')).addLedgerCommand(to) },
  { names: ['parked'], add: async to => (await import('./parked.ts')).addParkedCommands(to) },
  { names: ['alerts'], add: async to => (await import('./alerts.ts')).addAlertCommands(to) },
  { names: ['rules'], add: async to => (await import('./rules.ts')).addRulesCommands(to) },
  { names: ['user', 'token'], add: async to => (await import('./accounts.ts')).addAccountCommands(to) },
  { names: ['audit'], add: async to => (await import('./audit.ts')).addAuditCommands(to) },
  { names: ['retention'], add: async to => (await import('./retention.ts')).addRetentionCommands(to) },
  { names: ['clock'], add: async to => (await import('./clock.ts')).addClockCommands(to) },
  { names: ['simulate'], add: async to => (await import('./simulate.ts')).addSimulateCommand(to) },
  { names: ['snapshot'], add: async to => (await import('./snapshots.ts')).addSnapshotCommands(to) },
  { names: ['check-config', 'doctor'], add: async to => (await import('./checks.ts')).addCheckCommands(to) },
  { names: ['models'], add: async to => (await import('./models.ts')).addModelCommands(to) },
  { names: ['version'], add: async to => (await import('./version.ts')).addVersionCommand(to) },
]

/**
 * Adds what the arguments ask for: one command loads no other's code, which is 0.5 s of a processor. Of anything else,
 * such as `--help` or a name that is none, all are told.
 */
export async function addCommands(program: Command, [first = '']: readonly string[]): Promise<void> {
  if (['-v', '-V', '--version'].includes(first)) return
  const asked = groups.filter(({ names }) => names.includes(first))
  for (const { add } of asked.length === 0 ? groups : asked) await add(program)
}
