import type { Command } from 'commander'
import { version } from '../../core/version.ts'
import { createOutput } from '../output.ts'

export function addVersionCommand(program: Command): void {
  program
    .command('version')
    .description('of lintel; so do -v and --version')
    .option('--json', 'print JSON, with the version of Node')
    .action(({ json = false }: { json?: boolean }) =>
      createOutput(json, 'UTC').say(version, { version, node: process.versions.node }),
    )
}
