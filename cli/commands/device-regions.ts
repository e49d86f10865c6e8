import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Regions, withTurn } from '../../config/regions.ts'
import { LintelError } from '../../core/errors.ts'
import { fileFault } from '../../core/files.ts'
import { type Turn, turns } from '../../core/turn.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'

interface RegionsOptions extends CommonOptions {
  readonly set?: string
  readonly turned?: Turn
  readonly clear?: boolean
}

export function addRegionsCommand(device: Command): void {
  withCommonOptions(device.command('regions <id>'))
    .description('its picture: a mask that is blackened, a zone that counts, how it is turned upright')
    .option('--set <file>', 'JSON with mask and zone, in fractions of the picture: see docs/models.md')
    .addOption(
      new Option(
        '--turned <degrees>',
        'its camera is mounted turned: pictures are turned by so much clockwise to stand upright, mask and zone with them',
      )
        .choices(turns.map(String))
        .argParser(toTurn),
    )
    .option('--clear', 'the whole picture as it comes, again')
    .action(regions)
}

async function regions(device: string, { set, turned, clear, ...options }: RegionsOptions): Promise<void> {
  const { ask, output } = contextOf(options)
  const wanted = set === undefined ? undefined : readRegions(set)
  const found = await ask('registry', async operations => {
    const before = clear ? undefined : await operations.regions(device)
    const chosen = change(before, wanted, turned)
    if (chosen !== before || clear) await operations.setRegions(device, chosen)
    return operations.regions(device)
  })
  output.say(found === undefined ? 'the whole picture' : JSON.stringify(found), found ?? null)
}

/** A file without a turn leaves the turn unchanged; a new turn alone also turns mask and zone. */
function change(before: Regions | undefined, wanted: unknown, turned: Turn | undefined): unknown {
  if (wanted === undefined) return turned === undefined ? before : withTurn(before ?? {}, turned)
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) return wanted
  const told = turned ?? (wanted as Regions).turned ?? before?.turned
  return { ...wanted, ...(told === undefined ? {} : { turned: told }) }
}

function toTurn(text: string): Turn {
  const turn = turns.find(turn => String(turn) === text)
  if (turn === undefined) throw new InvalidArgumentError(`it is one of ${turns.join(', ')}`)
  return turn
}

function readRegions(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new LintelError('DEVICE_INVALID', `${path}: ${fileFault(error)}`)
  }
}
