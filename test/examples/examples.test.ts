import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, type TestContext, test } from 'vitest'
import { type Service, startService } from '../../bench/service.ts'
import { dayMs } from '../../core/clock.ts'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { createDeviceClient } from '../../devices/client/client.ts'
import { type Finished, lintel, run } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { describeInfluxd } from '../support/influxd.ts'
import { startNode } from '../support/nodes.ts'
import { needsProgram, needsPython } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { openDeafProxy } from './deaf-proxy.ts'

const root = new URL('../../', import.meta.url).pathname
const page = readFileSync(join(root, 'examples/README.md'), 'utf8')
const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code]) => code!)

const firmwares = {
  '02_firmware.c': (context: TestContext) => {
    needsProgram(context, 'cc', 'apt-get install gcc libc6-dev libmosquitto-dev')
    return 'python3'
  },
  '03_firmware.py': (context: TestContext) =>
    needsPython(context, 'paho.mqtt.client', 'apt-get install python3-paho-mqtt'),
}
type Firmware = keyof typeof firmwares

interface Shell {
  readonly place: string
  /** Runs the block of the page that holds `text`, with the places of this test in place of the page's. */
  run(text: string, change?: Record<string, string>): Promise<Finished>
}

async function openShell(variables: Record<string, string>): Promise<Shell> {
  const place = await temporaryDirectory()
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`)
  return {
    place,
    async run(text, change = {}) {
      const found = blocks.filter(block => block.includes(text))
      expect(found).toHaveLength(1)
      let code = found[0]!
        .replaceAll('npx --no-install lintel', `${root}cli/lintel`)
        .replaceAll(/(?:examples|models)\//g, path => `${root}${path}`)
      for (const [from, to] of Object.entries(change)) code = code.replaceAll(from, to)
      return run('sh', ['-ec', [`cd ${place}`, ...exports, code].join('\n')])
    },
  }
}

/** One service for all: each test has a door of its own. */
let service: Service
let data: string
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'lintel-'))
  const config = join(data, 'lintel.json')
  writeFileSync(config, JSON.stringify({ tagger: { workers: 0 } }))
  service = await startService(data, 0, ['--config', config])
})
afterAll(async () => {
  await service.stop()
  await rm(data, { recursive: true })
})

const variables = () => ({
  LINTEL_HTTP: findEndpoint(dataPaths(data), 'api')!.url,
  LINTEL_MQTT_PORT: String(service.mqtt.port),
})

async function enrol(device: string, operations = service.operations): Promise<string> {
  const door = { device, kind: 'terminal', site: 'nanshe', building: 'b07', point: device }
  return ((await operations.addDevice(door)) as { token: string }).token
}

async function passagesOf(device: string): Promise<number> {
  const day = (shift: number) => new Date(Date.now() + shift * dayMs).toISOString()
  const question = {
    measure: 'passages',
    from: day(-1),
    to: day(1),
    every: '1h',
    by: ['device'],
    zone: 'UTC',
  }
  const { rows } = await service.operations.flow(question)
  return rows.reduce((sum, { values, count }) => sum + (values[0] === device ? (count ?? 0) : 0), 0)
}

/** What came of a door's messages, once nothing of them is on its way. */
const booksOf = (device: string) =>
  eventually(async () => {
    const { events, snapshots } = await service.operations.showDevice(device)
    const rows = await passagesOf(device)
    expect(snapshots.sighted).toBe(snapshots.stored)
    expect(rows).toBeGreaterThan(0)
    return { rows, duplicates: events.duplicate, pictures: snapshots.stored }
  }, 20_000)

/** Runs the firmware as a door that has just been enrolled. */
async function startDoor(context: TestContext, firmware: Firmware, device: string) {
  const python = firmwares[firmware](context)
  const token = await enrol(device)
  const shell = await openShell({})
  const start = (port: number, secret = token) =>
    shell.run(firmware, { ' 1883 ': ` ${port} `, 'c-door': device, 'py-door': device, TOKEN: secret, python3: python }) // biome-ignore format: what the page leaves open
  return { start, place: shell.place }
}

test('the page of examples lists each of them, and runs each', () => {
  const names = readdirSync(join(root, 'examples')).filter(name => /^\d\d_/.test(name))
  expect(names.length).toBeGreaterThan(5)
  for (const name of names) {
    expect(page).toContain(`[${name}](${name})`)
    expect(blocks.filter(block => block.includes(`examples/${name}`))).toHaveLength(1)
  }
})

test('01_curl.sh enrols a door, sends an event twice and finds it once', async context => {
  needsProgram(context, 'curl', 'apt-get install curl')
  needsProgram(context, 'mosquitto_pub', 'apt-get install mosquitto-clients')
  const shell = await openShell(variables())
  mkdirSync(join(shell.place, 'data'))
  copyFileSync(dataPaths(data).token, join(shell.place, 'data/token'))
  for (const times of [1, 2]) {
    const { code, stdout, stderr } = await shell.run('01_curl.sh')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('"status":"ok"')
    expect(stdout).toContain('"measure":"passages"')
    await eventually(async () => (await passagesOf('curl-door')) === times)
    expect((await booksOf('curl-door')).duplicates).toBe(times)
  }
})

describe.each(Object.keys(firmwares) as Firmware[])('%s', firmware => {
  test('sends an event and its picture, and again what was not acked', async context => {
    const device = `deaf-${firmware.slice(0, 2)}`
    const { start } = await startDoor(context, firmware, device)
    const { code, stdout, stderr } = await start(await openDeafProxy(service.mqtt.port))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.match(/^acked /gm)).toHaveLength(2)
    expect(stdout).toContain('told {"type":"time"')
    expect(await booksOf(device)).toEqual({ rows: 1, duplicates: 1, pictures: 1 })
  })

  test('keeps what it could not send until it is let in', async context => {
    const device = `locked-out-${firmware.slice(0, 2)}`
    const { start } = await startDoor(context, firmware, device)
    const { port } = service.mqtt
    const stderr = 'not let in (return code 4): unknown device or wrong token\n'
    expect(await start(port, 'wrong')).toEqual({ code: 2, stdout: '', stderr })
    expect(await start(port)).toMatchObject({ code: 0 })
    expect(await booksOf(device)).toEqual({ rows: 2, duplicates: 0, pictures: 2 })
  })
})

test('02_firmware.c prints why an event is refused', async context => {
  const { start, place } = await startDoor(context, '02_firmware.c', 'refused-02')
  mkdirSync(join(place, 'outbox'))
  writeFileSync(join(place, 'outbox/b0-000001.event'), '{"id":"b0-000001","type":"passage"}')
  const { code, stdout } = await start(service.mqtt.port)
  expect(code).toBe(0)
  expect(stdout).toMatch(/told \{"type":"refusal","code":"EVENT_INVALID"/)
})

/** An event on each of some days that are past, as a device that comes back sends them. */
async function publishDays({ mqtt, operations }: Service, days: number): Promise<void> {
  const url = `mqtt://${mqtt.host}:${mqtt.port}`
  const client = createDeviceClient({ url, device: 'days', token: await enrol('days', operations) })
  onTestFinished(() => client.close())
  for (let day = 1; day <= days; day++) {
    const time = new Date(Date.now() - day * dayMs).toISOString()
    const data = { direction: 'in', result: 'granted', method: 'card' } as const
    await client.publish({ id: `day-${day}`, type: 'passage', time, data })
  }
  await eventually(async () => {
    const { devices } = await operations.ledger()
    return (devices.find(({ device }) => device === 'days')?.stored ?? 0) >= days
  }, 20_000)
}

test('04_analyst.py compares weekdays with weekends', async context => {
  const python = needsPython(context, 'zoneinfo', 'apt-get install python3 tzdata')
  await publishDays(service, 28)
  const shell = await openShell(variables())
  mkdirSync(join(shell.place, 'data'))
  copyFileSync(dataPaths(data).token, join(shell.place, 'data/token'))
  const { code, stdout, stderr } = await shell.run('04_analyst.py', { python3: python })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^nanshe +b07 +1\.0 +1\.0 +1\.00$/m)

  const made = await lintel('token', 'create', 'notebook', '--role', 'analyst', '--data', data, '--json')
  const { token } = JSON.parse(made.stdout) as { token: string }
  writeFileSync(join(shell.place, 'data/token'), token)
  const told = await shell.run('04_analyst.py', { python3: python })
  expect(told).toMatchObject({ code: 0, stderr: '' })
  expect(told.stdout).toMatch(/^nanshe +b07 +- +- +-\n\d+ days of buildings cannot be told/m)

  writeFileSync(join(shell.place, 'data/token'), 'wrong')
  const refused = await shell.run('04_analyst.py', { python3: python })
  expect(refused).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^http\S+ answers 401: .*\n$/),
  })
})

describeInfluxd('05_influx.py', influxd => {
  test('finds the busiest hour of each building', { timeout: 120_000 }, async context => {
    const python = needsPython(context, 'urllib.request', 'apt-get install python3')
    const { url } = influxd()
    const settings = { tagger: { workers: 0 }, store: { influx: { url, database: 'lintel' } } }
    await publishDays((await startNode('up', settings)).service, 2)
    const shell = await openShell({ INFLUX_URL: url })
    const { code, stdout, stderr } = await shell.run('05_influx.py', { python3: python })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^nanshe +b07 +\d{4}-\d\d-\d\dT\d\d:00\+00:00 {2}1 passages$/m)
  })
})

test('06_gateway.yaml is a configuration of an edge node', async () => {
  const { code, stdout } = await (await openShell({})).run('06_gateway.yaml')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ uplink: { account: 'edge-1', maxBytesPerS: 220_000 } })
})
