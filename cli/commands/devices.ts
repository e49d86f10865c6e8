import { appendFileSync, closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs'
import type { Command } from 'commander'
import type { DeviceView } from '../../api/operations/operations.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../options.ts'
import { addRegionsCommand } from './device-regions.ts'

interface AddOptions extends CommonOptions {
  readonly kind: string
  readonly site: string
  readonly building: string
  readonly point: string
  readonly zone?: string
  readonly alsoSite: readonly string[]
  readonly household?: boolean
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
    .action(async (id: string, options: AddOptions) => {
      const { ask, output } = contextOf(options)
      const { kind, site, building, point, zone, alsoSite: sites, household } = options
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
    .action(importDevices)

  sub('list', 'all devices, and how they are').action(async (options: CommonOptions) => {
    const { ask, output } = contextOf(options)
    const devices = await ask('registry', operations => operations.listDevices())
    output.table(devices.map(toRow), devices)
  })
  sub('show <id>', 'one device').action(async (id: string, options: CommonOptions) => {
    const { ask, output } = contextOf(options)
    const view = await ask('registry', operations => operations.showDevice(id))
    output.say(toText(view).split('\n'), view)
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

async function importDevices(csv: string, options: CommonOptions & { tokens?: string }): Promise<void> {
  const { ask, output } = contextOf(options)
  const tokensFile = options.tokens ?? `${csv.replace(/\.csv$/i, '')}.tokens.csv`
  let text: string
  const isNew = !existsSync(tokensFile)
  try {
    text = readFileSync(csv, 'utf8')
    // Before anything is enrolled: a token that cannot be written down is lost.
    closeSync(openSync(tokensFile, 'a', 0o600))
  } catch (error) {
    throw new LintelError('CONFIG_INVALID', messageOf(error))
  }
  let written = false
  try {
    const report = await ask('enrolment', operations => operations.importDevices(text))
    const { tokens, ...counts } = report
    if (tokens.length > 0) {
      const rows = tokens.map(({ device, token }) => `${device},${token}\n`)
      appendFileSync(tokensFile, (isNew ? 'device,token\n' : '') + rows.join(''))
      written = true
    }
    const lines = [
      `${counts.enrolled} enrolled, ${counts.moved} moved, ${counts.unchanged} unchanged, ${counts.faults.length} refused`,
      ...counts.faults.map(
        ({ row, device, reason }) => `  row ${row}${device === '' ? '' : ` (${device})`}: ${reason}`,
      ),
      ...(written ? [`tokens of the new devices, shown this once, are in ${tokensFile}`] : []),
    ]
    output.say(lines, { ...counts, ...(written ? { tokensFile } : {}) })
    if (counts.faults.length > 0) process.exitCode = 1
  } finally {
    if (isNew && !written) rmSync(tokensFile)
  }
}

function toRow({ device, kind, site, building, point, enabled, connectedAt, events }: DeviceView) {
  const state = !enabled ? 'disabled' : connectedAt === undefined ? 'offline' : 'online'
  const { stored, parked, skewed, lastReceivedAt } = events
  return {
    device,
    kind,
    site,
    building,
    point,
    state,
    events: stored,
    parked,
    skewed,
    last: lastReceivedAt === 0 ? '' : formatRfc3339(lastReceivedAt),
  }
}

/** What is claimed may come from anybody: where it came from says more than the name. */
function refusalText({ at, code, reason, claimed, address }: NonNullable<DeviceView['lastRefusal']>): string {
  const who = claimed ? ` (from ${address}, which has not proved to be this device)` : ''
  return `${formatRfc3339(at)} ${code ?? ''}: ${reason}${who}`
}

function toText(view: DeviceView): string {
  const { events, snapshots, lastRefusal, lastOwnRefusal, connectedAt, enrolledAt, ...device } = view
  const facts: Record<string, unknown> = {
    ...device,
    enrolled: formatRfc3339(enrolledAt),
    connected: connectedAt === undefined ? 'no' : `since ${formatRfc3339(connectedAt)}`,
    ...Object.fromEntries(
      Object.entries(events).map(([name, n]) => [
        `events ${name}`,
        name === 'lastReceivedAt' ? (n === 0 ? '' : formatRfc3339(n)) : n,
      ]),
    ),
    'snapshots stored': snapshots.stored,
    ...(lastRefusal === undefined ? {} : { 'last refusal': refusalText(lastRefusal) }),
    ...(lastOwnRefusal === undefined ? {} : { 'last of its own': refusalText(lastOwnRefusal) }),
  }
  if (events.skewed > 0) facts.clock = 'has been wrong: see events skewed'
  return Object.entries(facts)
    .map(([name, value]) => `${name.padEnd(22)} ${value}`)
    .join('\n')
}
