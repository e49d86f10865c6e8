import { Command } from 'commander'
import { expect, test } from 'vitest'
import { addCommands, groups } from '../../cli/commands/index.ts'

for (const { names, add } of groups)
  test(`${names.join(', ')} are what their module adds`, async () => {
    const program = new Command()
    await add(program)
    expect(program.commands.map(command => command.name())).toEqual(names)
  })

test.each([
  { args: ['ledger', '--json'], adds: ['ledger'] },
  { args: ['gateway'], adds: ['up', 'gateway'] },
  { args: ['--version'], adds: [] },
  { args: ['--help'], adds: groups.flatMap(({ names }) => names) },
  { args: ['help', 'ledger'], adds: groups.flatMap(({ names }) => names) },
  { args: ['legder'], adds: groups.flatMap(({ names }) => names) },
  { args: [], adds: groups.flatMap(({ names }) => names) },
])('lintel $args loads the commands that it needs', async ({ args, adds }) => {
  const program = new Command()
  await addCommands(program, args)
  expect(program.commands.map(command => command.name())).toEqual(adds)
})
