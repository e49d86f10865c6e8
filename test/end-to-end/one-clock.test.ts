import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { connectAsync } from 'mqtt'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startService } from '../../bench/service.ts'
import { groups } from '../../cli/commands/index.ts'
import { eventTopic, snapshotTopic } from '../../devices/contract/topics.ts'
import { eventually } from '../support/eventually.ts'
import { samplePicture } from '../support/pictures.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** They have no end, or are run by other tests: their JSON goes through the same output. */
const elsewhere = ['up', 'gateway', 'alerts watch', 'alerts test', 'simulate', 'backtest', 'rules test', 'models check', 'parked replay', 'retention allow', 'clock trust', 'snapshot original'] // biome-ignore format: a list

const day = 86_400_000

/** What a command prints, as it stands there; also where it fails. */
async function printed(args: readonly string[]): Promise<string> {
  let text = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    text += chunk
    return true
  })
  const program = new Command().exitOverride()
  for (const { add } of groups) await add(program)
  await program.parseAsync(args, { from: 'user' }).finally(() => write.mockRestore())
  // Some say by it that something is wrong; that is not what is looked at here.
  process.exitCode = undefined
  return text
}

function leaves(command: Command, path: readonly string[] = []): string[] {
  const own = command.commands.flatMap(one => leaves(one, [...path, one.name()]))
  return own.length === 0 ? [path.join(' ')] : own
}

/** What a device sent stays as it sent it, what went on record as it was written, and a position only looks like a moment. */
const asItIs = /^(?:\.\d+)?\.(?:payload\.|target |position )/

/** Paths of what looks like a moment in epoch ms, or in UTC. */
function otherClocks(value: unknown, path = ''): string[] {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, member]) => otherClocks(member, `${path}.${name}`))
  const isEpoch = typeof value === 'number' && Math.abs(value - Date.now()) < 3000 * day
  const isUtc = typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)
  return (isEpoch || isUtc) && !asItIs.test(`${path} `) ? [`${path} ${value}`] : []
}

test('no command prints epoch milliseconds or UTC: tables and JSON are in the zone of the configuration', {
  timeout: 180_000,
}, async () => {
  const data = await temporaryDirectory()
  const files = await temporaryDirectory()
  const at = (name: string) => join(files, name)
  writeFileSync(at('lintel.json'), JSON.stringify({ zone: 'Asia/Kathmandu' }))
  writeFileSync(at('doors.csv'), 'device,kind,site,building,point\nd2,terminal,s,b,p2\n')
  writeFileSync(at('history.csv'), `device,time,direction,result,method\nd2,${new Date(Date.now() - 30 * day).toISOString()},in,granted,card\n`)
  const service = await startService(data, 0, ['--config', at('lintel.json')])
  onTestFinished(() => service.stop())
  const place = { site: 's', building: 'b', point: 'p' }
  const { token } = (await service.operations.addDevice({ device: 'd1', kind: 'terminal', ...place })) as { token: string }
  const { host, port } = service.mqtt
  const options = { clientId: 'd1', username: 'd1', password: token, reconnectPeriod: 0 }
  const client = await eventually(() => connectAsync(`mqtt://${host}:${port}`, options), 10_000)
  onTestFinished(() => client.endAsync(true))
  const publish = (event: object) => client.publishAsync(eventTopic('d1'), JSON.stringify({ time: new Date().toISOString(), ...event }), { qos: 1 })
  await publish({ id: '1', type: 'passage', data: { direction: 'in', result: 'granted', method: 'card' } })
  await publish({ id: '2', type: 'pasage' })
  for (const id of ['3', '4']) await publish({ id, type: 'door', data: { state: 'forced' } })
  await client.publishAsync(snapshotTopic('d1', '1'), await samplePicture('campus'), { qos: 1 })
  await eventually(async () => (await service.operations.listSnapshots({ limit: 1 })).length > 0, 30_000)
  const [alert] = await eventually(async () => {
    const { alerts } = await service.operations.listAlerts({ limit: 5 })
    return alerts.length > 0 && alerts
  }, 30_000)

  const commands: string[][] = [
    ['status'], ['device', 'add', 'd9', '--site', 's', '--building', 'b', '--point', 'p9'], ['device', 'import', at('doors.csv')], ['device', 'list'],
    ['device', 'show', 'd1'], ['device', 'rotate', 'd9'], ['device', 'regions', 'd1'], ['device', 'disable', 'd9'], ['device', 'enable', 'd9'], ['device', 'unknown'], ['device', 'remove', 'd9'],
    ['flow', '--by', 'site'], ['export', '--kind', 'passage', '--out', at('out.csv')], ['backfill', at('history.csv'), '--type', 'passage'],
    ['ledger'], ['parked', 'list'], ['parked', 'show', '1'], ['parked', 'drop', '1'],
    ['alerts', 'list'], ['alerts', 'show', alert!.id], ['alerts', 'ack', alert!.id], ['alerts', 'assign', alert!.id, 'li'], ['alerts', 'comment', alert!.id, 'a word'],
    ['alerts', 'resolve', alert!.id, '--as', 'real'], ['alerts', 'snooze', '--site', 's', '--for', '1h'], ['alerts', 'snoozes'],
    ['alerts', 'picture', alert!.id, '--out', at('alert')], ['alerts', 'report', '--shift'], ['alerts', 'channels'],
    ['rules', 'set', 'door-held.heldS=120'], ['rules', 'show'], ['rules', 'unset', 'door-held'], ['rules', 'document'], ['rules', 'history'],
    ['user', 'add', 'li', '--role', 'admin'], ['user', 'invite', 'li'], ['user', 'list'], ['user', 'disable', 'li'], ['user', 'enable', 'li'], ['user', 'remove', 'li'],
    ['token', 'create', 'nb', '--role', 'analyst'], ['token', 'list'], ['token', 'revoke', 'nb'], ['audit'], ['audit', 'verify'],
    ['retention', 'show'], ['retention', 'erase', '--site', 's', '--before', new Date(Date.now() - 2 * day).toISOString(), '--yes'], ['retention', 'log'], ['retention', 'verify'], ['clock', 'show'],
    ['snapshot', 'list'], ['snapshot', 'show', '--out', at('picture.jpg')], ['snapshot', 'export', at('pictures')],
    ['snapshot', 'hold', 'd1', '1', '--reason', 'a look'], ['snapshot', 'release', 'd1', '1'], ['check-config'], ['doctor'], ['version'],
  ]
  const told: string[] = []
  let unsnooze: string[] = []
  for (const command of commands) {
    const isAbout = command[0] === 'version' ? [] : ['--config', at('lintel.json'), ...(command[0] === 'check-config' ? [] : ['--data', data])]
    const json = JSON.parse(await printed([...command, ...isAbout, '--json']))
    told.push(...otherClocks(json).map(where => `${command.join(' ')} --json: ${where}`))
    if (command[1] === 'snooze') unsnooze = ['alerts', 'unsnooze', json.id]
    // The payload of `parked show`, and what `audit` has on record, are in their own time.
    if (!/list|show|log|history|snoozes|status|doctor|report/.test(command.slice(0, 2).join(' ')) || command[1] === 'show' && command[0] === 'parked') continue
    const text = await printed([...command, ...isAbout])
    const clocks = [...text.matchAll(/\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)|\b1[78]\d{11}\b/g)]
    told.push(...clocks.filter(([, zone]) => zone !== '+05:45').map(([moment]) => `${command.join(' ')}: ${moment}`))
  }
  await printed([...unsnooze, '--data', data, '--config', at('lintel.json'), '--json'])
  expect(told).toEqual([])

  const program = new Command()
  for (const { add } of groups) await add(program)
  const run = new Set([...commands, unsnooze].map(command => command.join(' ')))
  const missing = leaves(program).filter(name => !elsewhere.includes(name) && ![...run].some(line => `${line} `.startsWith(`${name} `)))
  expect(missing).toEqual([])
}) // biome-ignore format: long lines
