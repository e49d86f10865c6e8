import { type Command, Option } from 'commander'
import { formatLocal } from '../../flow/zone.ts'
import { importDevices } from '../devices/import.ts'
import { type DeviceState, deviceStates, registryCsv, stateOf, toRow, toText } from '../devices/rows.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'
import { note, printText } from '../output.ts'
import { addRegionsCommand } from './device-regions.ts'

interface AddOptions extends CommonOptions {
  readonly kind: string
  readonly site: string
  readonly building: string
  readonly point: string
  readonly zone?: string
  readonly alsoSite: readonly string[]
  readonly household?: boolean
  readonly pause?: string
}

export function addDeviceCommands(program: Command): void {
  const device = program.command('device').description('the devices that may connect')
  const sub = (name: string, description: string) =>
    withCommonOptions(device.command(name).description(description))

  sub('add <id>', 'enrol a device, or move it; prints its token once')
    .option('--kind <kind>', 'terminal, checkpoint, gateway or display', 'terminal')
    .requiredOption('--site <name>', 'the estate or road that one station answers for')
    .requiredOption('--building <name>', 'the building, or the gate of a site')
    .requiredOption('--point <name>', 'the door or lane')
    .option('--zone <zone>', 'IANA time zone (default: that of the configuration)')
    .option(
      '--also-site <name>',
      'of a gateway: another site whose devices it speaks for, of a display: whose alerts it is shown; may be repeated',
      another,
      [],
    )
    .option('--household', "the door of one household: analysts never see it in its building's numbers")
    .option('--no-household', 'of several, again')
    .option(
      '--pause <seconds>',
      'of firmware that reports each passage twice: what says the same within so long counts once; 0: each counts',
    )
    .action(async (id: string, options: AddOptions) => {
      const { ask, output } = contextOf(options)
      const { kind, site, building, point, zone, alsoSite: sites, household, pause } = options
      const about = accountWords[kind]
      const wanted = {
        device: id,
        kind,
        site,
        building,
        point,
        ...(zone === undefined ? {} : { zone }),
        ...(about !== undefined || sites.length > 0 ? { sites } : {}),
        ...(household === undefined ? {} : { household }),
        ...(pause === undefined ? {} : { pauseS: Number(pause) }),
      }
      const answer = await ask('enrolment', operations => operations.addDevice(wanted))
      const token =
        'token' in answer
          ? [`  user name and client id  ${id}`, `  token, shown this once   ${answer.token}`]
          : []
      const speaks = about === undefined ? [] : [`  ${about}  ${[site, ...sites].join(', ')}`]
      output.say([`${id} ${answer.outcome}`, ...speaks, ...token], answer)
    })

  sub(
    'import <csv>',
    'enrol devices from a CSV with the header device,kind,site,building,point,zone,household',
  )
    .option(
      '--tokens <file>',
      'where the tokens of new devices are added, once (default: CSV name with .tokens.csv)',
    )
    .option('--dry-run', 'only say what would come of it')
    .action(importDevices)

  sub('list', 'all devices, and how they are')
    .option('--site <name>', 'only at this site')
    .addOption(new Option('--state <state>', 'only those that are so').choices([...deviceStates]))
    .option('--csv', 'the registry as a file that `device import` reads')
    .action(listDevices)
  sub('remove <id>', 'take it away; what it sent stays counted where it stood')
    .option('--force', 'also where it is connected')
    .action(async (id: string, options: CommonOptions & { force?: boolean }) => {
      const { ask, output } = contextOf(options)
      const { force = false } = options
      const removed = await ask('registry', operations => operations.removeDevice(id, { force }))
      const { outcome, events, snapshots } = removed
      const left = outcome === 'forgotten' ? 'it had sent nothing, and leaves nothing' : `its ${events} events and ${snapshots} snapshots stay where they are`
      output.say(`${id} is removed: ${left}`, removed)
    }) // biome-ignore format: one thing
  sub('unknown', 'what knocks and is not let in, since the gateway started').action(listUnknown)
  sub('show <id>', 'one device').action(async (id: string, options: CommonOptions) => {
    const { ask, config, output } = contextOf(options)
    const view = await ask('registry', operations => operations.showDevice(id))
    output.say(toText(view, config.zone).split('\n'), view)
  })
  sub('rotate <id>', 'give it a new token; the old one ends at once').action(
    async (id: string, options: CommonOptions) => {
      const { ask, output } = contextOf(options)
      const token = await ask('registry', operations => operations.rotateToken(id))
      output.say(`${id} has a new token, shown this once: ${token}`, { device: id, token })
    },
  )
  addRegionsCommand(device)
  for (const [verb, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    sub(`${verb} <id>`, enabled ? 'let it connect again' : 'disconnect it and keep it out').action(
      async (id: string, options: CommonOptions) => {
        const { ask, output } = contextOf(options)
        await ask('registry', operations => operations.setEnabled(id, enabled))
        output.say(`${id} is ${verb}d`, { device: id, enabled })
      },
    )
  }
}

const accountWords: Readonly<Record<string, string>> = {
  gateway: 'speaks for the devices of',
  display: 'is shown the alerts of',
}

const another = (name: string, names: readonly string[]) => [...names, name]

async function listDevices(
  options: CommonOptions & { site?: string; state?: DeviceState; csv?: boolean },
): Promise<void> {
  const { ask, config, output, json } = contextOf(options)
  const { site, state, csv = false } = options
  const { all, unknown } = await ask('registry', async operations => ({
    all: await operations.listDevices(),
    // Users who may not enrol devices do not get this.
    unknown: csv || json ? undefined : await operations.listUnknown().catch(() => undefined),
  }))
  const devices = all.filter(view => (site ?? view.site) === view.site && (state ?? stateOf(view)) === stateOf(view)) // biome-ignore format: one thing
  if (csv) printText(`${registryCsv(devices)}\n`)
  else
    output.table(
      devices.map(device => toRow(device, config.zone)),
      devices,
    )
  const { length = 0 } = unknown?.knocks ?? []
  if (length > 0) note(`${length} that knock are not let in: lintel device unknown`)
}

async function listUnknown(options: CommonOptions): Promise<void> {
  const { ask, config, output, json } = contextOf(options)
  const found = await ask('registry', operations => operations.listUnknown())
  const at = (ms: number) => formatLocal(config.zone, ms)
  const rows = found.knocks.map(({ id, code, times, firstAt, lastAt, address = '' }) => ({
    id, times, first: at(firstAt), last: at(lastAt), address, code,
  })) // biome-ignore format: a row
  output.table(rows, found)
  if (found.dropped > 0 && !json) output.say(`and ${found.dropped} more, for which there was no room`)
}
