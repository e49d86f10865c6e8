import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { LintelError } from '../../core/errors.ts'
import { fileFault } from '../../core/files.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'

interface RegionsOptions extends CommonOptions {
  readonly set?: string
  readonly clear?: boolean
}

export function addRegionsCommand(device: Command): void {
  withCommonOptions(device.command('regions <id>'))
    .description('parts of its picture: a mask that is blackened, a zone that counts')
    .option('--set <file>', 'JSON with mask and zone, in fractions of the picture: see docs/models.md')
    .option('--clear', 'the whole picture, again')
    .action(regions)
}

async function regions(device: string, { set, clear, ...options }: RegionsOptions): Promise<void> {
  const { ask, output } = contextOf(options)
  const wanted = set === undefined ? undefined : readRegions(set)
  const found = await ask('registry', async operations => {
    if (wanted !== undefined || clear) await operations.setRegions(device, wanted)
    return operations.regions(device)
  })
  output.say(found === undefined ? 'the whole picture' : JSON.stringify(found), found ?? null)
}

function readRegions(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new LintelError('DEVICE_INVALID', `${path}: ${fileFault(error)}`)
  }
}
