import type { Command } from 'commander'

/** Commands of one module, in the order of the help. */
interface Group {
  /** Heading of the group in the help. */
  readonly heading: string
  readonly names: readonly string[]
  /** Loads the module and adds its commands. */
  add(program: Command): Promise<void>
}

const headings = {
  running: 'Running it:',
  devices: 'Devices and what they send:',
  counts: 'Counts:',
  alerts: 'Alerts:',
  people: 'People and records:',
} as const

export const groups: readonly Group[] = [
  {
    heading: headings.running,
    names: ['up', 'gateway'],
    add: async to => (await import('./service.ts')).addServiceCommands(to),
  },
  {
    heading: headings.running,
    names: ['status'],
    add: async to => (await import('./status.ts')).addStatusCommand(to),
  },
  {
    heading: headings.devices,
    names: ['device'],
    add: async to => (await import('./devices.ts')).addDeviceCommands(to),
  },
  {
    heading: headings.counts,
    names: ['flow'],
    add: async to => (await import('./flow.ts')).addFlowCommand(to),
  },
  {
    heading: headings.counts,
    names: ['export'],
    add: async to => (await import('./export.ts')).addExportCommand(to),
  },
  {
    heading: headings.devices,
    names: ['backfill'],
    add: async to => (await import('./backfill.ts')).addBackfillCommand(to),
  },
  {
    heading: headings.counts,
    names: ['backtest'],
    add: async to => (await import('./backtest.ts')).addBacktestCommand(to),
  },
  {
    heading: headings.devices,
    names: ['ledger'],
    add: async to => (await import('./ledger.ts')).addLedgerCommand(to),
  },
  {
    heading: headings.devices,
    names: ['parked'],
    add: async to => (await import('./parked.ts')).addParkedCommands(to),
  },
  {
    heading: headings.alerts,
    names: ['alerts'],
    add: async to => (await import('./alerts.ts')).addAlertCommands(to),
  },
  {
    heading: headings.alerts,
    names: ['rules'],
    add: async to => (await import('./rules.ts')).addRulesCommands(to),
  },
  {
    heading: headings.people,
    names: ['user', 'token'],
    add: async to => (await import('./accounts.ts')).addAccountCommands(to),
  },
  {
    heading: headings.people,
    names: ['audit'],
    add: async to => (await import('./audit.ts')).addAuditCommands(to),
  },
  {
    heading: headings.people,
    names: ['retention'],
    add: async to => (await import('./retention.ts')).addRetentionCommands(to),
  },
  {
    heading: headings.running,
    names: ['clock'],
    add: async to => (await import('./clock.ts')).addClockCommands(to),
  },
  {
    heading: headings.devices,
    names: ['simulate'],
    add: async to => (await import('./simulate.ts')).addSimulateCommand(to),
  },
  {
    heading: headings.devices,
    names: ['snapshot'],
    add: async to => (await import('./snapshots.ts')).addSnapshotCommands(to),
  },
  {
    heading: headings.running,
    names: ['check-config', 'doctor'],
    add: async to => (await import('./checks.ts')).addCheckCommands(to),
  },
  {
    heading: headings.devices,
    names: ['models'],
    add: async to => (await import('./models.ts')).addModelCommands(to),
  },
  {
    heading: headings.running,
    names: ['version'],
    add: async to => (await import('./version.ts')).addVersionCommand(to),
  },
]

/**
 * Adds only the commands that the arguments name: not loading the others saves 0.5 s of processor time. For anything
 * else, such as `--help` or an unknown name, it adds all.
 */
export async function addCommands(program: Command, [first = '']: readonly string[]): Promise<void> {
  if (['-v', '-V', '--version'].includes(first)) return
  const asked = groups.filter(({ names }) => names.includes(first))
  for (const { add, heading, names } of asked.length === 0 ? groups : asked) {
    await add(program)
    for (const command of program.commands) if (names.includes(command.name())) command.helpGroup(heading)
  }
}
