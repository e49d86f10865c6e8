import { Command, CommanderError } from 'commander'
import { codeOf, messageOf } from '../core/errors.ts'
import { exitCodeOf, exitCodes } from '../core/exits.ts'
import { version } from '../core/version.ts'
import { addCommands } from './commands/index.ts'
import { note } from './output.ts'

const examples = `
Examples:
  lintel up --data ./data                                  broker, database and API on this machine
  lintel device add door-1 --site s1 --building b1 --point d1 --data ./data
  lintel flow --last 7d --every 1d --by site --data ./data
  lintel status --url https://lintel.example --token-file token.txt

LINTEL_URL and LINTEL_TOKEN name a service elsewhere, as --url and --token-file do. Options of a command: lintel COMMAND --help.
`

const program = new Command('lintel')
  .description('Counts what passes doors and checkpoints, without identifying anybody.')
  .version(version, '-v, --version')
  .addHelpText('after', examples)
  .showHelpAfterError('--help, behind the command, says how it is used')

// The reader has seen enough: `lintel … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

try {
  const [, , first, ...rest] = process.argv
  await addCommands(program, process.argv.slice(2))
  // Some people use -V.
  await program.parseAsync(first === '-V' ? ['--version', ...rest] : process.argv.slice(2), { from: 'user' })
} catch (error) {
  const code = codeOf(error)
  if (code !== undefined) note(`${code}: ${messageOf(error)}`)
  else if (error instanceof CommanderError || isOfSystem(error)) note(`error: ${messageOf(error)}`)
  else note(error instanceof Error ? (error.stack ?? error.message) : String(error))
  // For a command, temporary and final failures are the same: it is not restarted automatically.
  process.exitCode = exitCodeOf(error) === exitCodes.config ? exitCodes.config : exitCodes.failed
}

/** A file or address given to a command: the message says what is wrong, and a stack trace would not help. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}
