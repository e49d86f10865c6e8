import { Command } from 'commander'
import { expect, test } from 'vitest'
import { addCommands, groups } from '../../cli/commands/index.ts'
import { lintel } from '../support/command.ts'

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

/** Commands that do something, by what is written for them. */
function leaves(command: Command, path: readonly string[] = []): { name: string; command: Command }[] {
  return command.commands.flatMap(one => {
    const name = [...path, one.name()]
    return one.commands.length === 0 ? [{ name: name.join(' '), command: one }] : leaves(one, name)
  })
}

test('every command takes --json, and says what it does', async () => {
  const program = new Command()
  for (const { add } of groups) await add(program)
  const all = leaves(program)
  expect(all.length).toBeGreaterThan(40)
  const without = all.filter(({ command }) => !command.options.some(({ long }) => long === '--json'))
  expect(without.map(({ name }) => name)).toEqual([])
  expect(all.filter(({ command }) => command.description() === '').map(({ name }) => name)).toEqual([])
})

test('the help has every command under a heading, with an example of what is done first', async () => {
  const { stdout, code } = await lintel('--help')
  expect(code).toBe(0)
  const headings = stdout.split('\n').filter(line => /^\S.*:$/.test(line))
  expect(headings).toEqual(['Options:', 'Running it:', 'Devices and what they send:', 'Counts:', 'Alerts:', 'People and records:', 'Commands:', 'Examples:']) // biome-ignore format: one list
  for (const word of ['lintel up --data', 'LINTEL_URL', ...groups.flatMap(({ names }) => names)])
    expect(stdout).toContain(word)
})
