import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startService } from '../../bench/service.ts'
import type { FlowAnswer } from '../../flow/answer.ts'
import { lintel, main } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

// Each command is a process that loads all of the service's code: seconds of a slow machine.
vi.setConfig({ testTimeout: 120_000 })

const passage = (id: string) => ({
  id,
  type: 'passage',
  time: new Date().toISOString(),
  data: { direction: 'in', result: 'granted', method: 'card' },
})

async function upWithDoor() {
  const data = await temporaryDirectory()
  const added = await lintel(
    'device',
    'add',
    'front-door',
    '--site',
    '南社',
    '--building',
    '12栋',
    '--point',
    'd1',
    '--data',
    data,
    '--json',
  )
  expect(added.stderr).toBe('')
  const { token } = JSON.parse(added.stdout) as { token: string }
  const service = await startService(data)
  onTestFinished(() => service.stop())
  const { host, port } = service.mqtt
  const client = await connectAsync(`mqtt://${host}:${port}`, {
    clientId: 'front-door',
    username: 'front-door',
    password: token,
    reconnectPeriod: 0,
  })
  onTestFinished(() => client.endAsync(true))
  return { data, service, client, token }
}

describe('with the service up', () => {
  test('an event that a device publishes ends as a row of lintel flow, and the ledger adds up', async () => {
    const { data, client } = await upWithDoor()
    await client.publishAsync(
      'lintel/v1/front-door/event',
      JSON.stringify([passage('1'), passage('2'), passage('1')]),
      { qos: 1 },
    )
    await client.publishAsync('lintel/v1/front-door/event', '{"id":', { qos: 1 })
    await expect
      .poll(() => ledgerOf(data), { timeout: 10_000 })
      .toMatchObject({
        code: 0,
        total: { received: 4, stored: 2, duplicate: 1, parked: 1, refused: 0, queued: 0, difference: 0 },
      })
    const flow = await lintel('flow', '--data', data, '--by', 'site,building,direction', '--json')
    const answer = JSON.parse(flow.stdout) as FlowAnswer
    expect(answer.rows).toMatchObject([{ values: ['南社', '12栋', 'in'], count: 2 }])
    expect((await lintel('flow', '--data', data, '--by', 'site', '--format', 'csv')).stdout).toMatch(
      /^start,site,passages\r\n.*\+08:00,南社,2\r\n$/,
    )
    expect((await lintel('flow', '--data', data, '--by', 'site')).stdout).toContain('南社         2')
  })

  test('what was parked can be listed, shown and dropped', async () => {
    const { data, client } = await upWithDoor()
    const wrong = { ...passage('7'), type: 'pasage', holderName: '张三' }
    await client.publishAsync('lintel/v1/front-door/event', JSON.stringify(wrong), { qos: 1 })
    const [parked] = JSON.parse((await lintel('parked', 'list', '--data', data, '--json')).stdout) as {
      key: number
    }[]
    const shown = await lintel('parked', 'show', String(parked!.key), '--data', data)
    expect(shown.stdout).toContain('EVENT_TYPE_UNKNOWN')
    expect(shown.stdout).not.toContain('张三')
    const replayed = await lintel('parked', 'replay', String(parked!.key), '--data', data)
    expect([replayed.code, replayed.stderr]).toEqual([1, expect.stringContaining('PARKED_NOT_REPLAYABLE')])
    expect((await lintel('parked', 'drop', String(parked!.key), '--data', data)).stdout).toContain(
      'is dropped',
    )
    expect((await lintel('parked', 'list', '--data', data, '--json')).stdout.trim()).toBe('[]')
    expect((await ledgerOf(data)).code).toBe(0)
  })

  test('a device that is disabled, or given a new token, is disconnected within two seconds', async () => {
    const { data, client, service, token } = await upWithDoor()
    const closed = new Promise(resolve => client.once('close', () => resolve('closed')))
    expect((await lintel('device', 'disable', 'front-door', '--data', data)).code).toBe(0)
    const tooLate = new Promise(resolve => setTimeout(() => resolve('too late'), 2000))
    expect(await Promise.race([closed, tooLate])).toBe('closed')
    const { host, port } = service.mqtt
    const again = (password: string) =>
      connectAsync(`mqtt://${host}:${port}`, {
        clientId: 'front-door',
        username: 'front-door',
        password,
        reconnectPeriod: 0,
      })
    await expect(again(token)).rejects.toThrow('Not authorized')
    const shown = await lintel('device', 'show', 'front-door', '--data', data)
    expect(shown.stdout).toContain('CONNECT_DEVICE_DISABLED')
    await lintel('device', 'enable', 'front-door', '--data', data)
    const rotated = JSON.parse(
      (await lintel('device', 'rotate', 'front-door', '--data', data, '--json')).stdout,
    ) as { token: string }
    await expect(again(token)).rejects.toThrow('Bad username or password')
    const client2 = await again(rotated.token)
    await client2.endAsync()
  })

  test('a second service on the same data directory is refused with one clear line', async () => {
    const { data } = await upWithDoor()
    const second = await lintel('up', '--data', data, '--mqtt', '127.0.0.1:0', '--http', '127.0.0.1:0')
    expect(second.code).toBe(1)
    expect(second.stderr.trim()).toMatch(/^DATA_LOCKED: another lintel is using .*$/)
  })

  test('doctor finds it well', async () => {
    const { data } = await upWithDoor()
    const { stdout, code } = await lintel('doctor', '--data', data)
    expect([code, stdout]).toEqual([0, expect.stringMatching(/ok +gateway +1 devices connected/)])
  })
})

test('with no service up, commands work on the data directory itself', async () => {
  const directory = await temporaryDirectory()
  const data = join(directory, 'lintel')
  mkdirSync(data)
  const csv = join(directory, 'doors.csv')
  writeFileSync(
    csv,
    'device,kind,site,building,point\na1,terminal,s,b,p1\na2,wrong,s,b,p2\na3,terminal,s,b,p3\n',
  )
  const imported = await lintel('device', 'import', csv, '--data', data)
  expect(imported.code).toBe(1)
  expect(imported.stdout).toContain(
    '2 enrolled, 0 moved, 0 unchanged, 1 refused\n  row 3 (a2): kind must be terminal, checkpoint, gateway or display',
  )
  const tokens = join(directory, 'doors.tokens.csv')
  expect(readFileSync(tokens, 'utf8')).toMatch(/^device,token\na1,\S{32}\na3,\S{32}\n$/)
  expect(statSync(tokens).mode & 0o777).toBe(0o600)
  writeFileSync(
    csv,
    'device,kind,site,building,point\na1,terminal,s,b,p1\na2,terminal,s,b,p2\na3,terminal,s,b,p3\n',
  )
  const mended = await lintel('device', 'import', csv, '--data', data)
  expect(mended.stdout).toContain('1 enrolled, 0 moved, 2 unchanged, 0 refused')
  expect(readFileSync(tokens, 'utf8')).toMatch(/^device,token\na1,\S{32}\na3,\S{32}\na2,\S{32}\n$/)
  const list = JSON.parse((await lintel('device', 'list', '--data', data, '--json')).stdout) as object[]
  expect(list).toMatchObject([{ device: 'a1', enabled: true }, { device: 'a2' }, { device: 'a3' }])
  expect(JSON.stringify(list)).not.toContain('tokenHash')
  expect((await lintel('ledger', '--data', data)).code).toBe(0)
  const missing = await lintel('device', 'show', 'nobody', '--data', data)
  expect([missing.code, missing.stderr]).toEqual([1, 'DEVICE_NOT_FOUND: no device is called nobody\n'])
})

test('an import that fails leaves no file of tokens behind', async () => {
  const data = await temporaryDirectory()
  const csv = join(data, 'doors.csv')
  writeFileSync(csv, 'device,site\na1,s\n')
  mkdirSync(join(data, 'lintel'))
  const { code, stderr } = await lintel('device', 'import', csv, '--data', join(data, 'lintel'))
  expect([code, stderr]).toEqual([1, expect.stringContaining('IMPORT_ROW_INVALID')])
  expect(existsSync(join(data, 'doors.tokens.csv'))).toBe(false)
})

test('check-config lists every problem and exits with 78', async () => {
  const data = await temporaryDirectory()
  const file = join(data, 'lintel.yaml')
  writeFileSync(file, 'journal: { maxByte: 3, retainS: soon }\nhttp: { port: 70000 }\n')
  const { code, stderr } = await lintel('check-config', '--config', file)
  expect(code).toBe(78)
  for (const problem of ['journal: unknown key maxByte', 'journal.retainS: must be integer', 'http.port'])
    expect(stderr).toContain(problem)
})

test('a command that is written wrongly says what is wrong and where help is, in two lines', async () => {
  const { code, stderr } = await lintel('flow', '--bogus')
  expect([code, stderr]).toEqual([
    1,
    "error: unknown option '--bogus'\n--help, behind the command, says how it is used\n",
  ])
})

test('a command whose reader has gone ends without a word', async () => {
  const child = spawn(process.execPath, [main, 'check-config'])
  child.stdout.destroy()
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const [code] = await once(child, 'close')
  expect({ code, said }).toEqual({ code: 0, said: '' })
})

test('a port that is taken ends the start at once, with the reason', async () => {
  const data = await temporaryDirectory()
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const { code, stderr } = await lintel(
    'up',
    '--data',
    data,
    '--mqtt',
    `127.0.0.1:${port}`,
    '--http',
    '127.0.0.1:0',
  )
  const said = `PORT_TAKEN: mqtt.tcp cannot listen on 127.0.0.1:${port}: another program does\n`
  expect([code, stderr]).toEqual([1, expect.stringContaining(said)])
})

test('a process of the service that dies is started again, and what it held is there', async () => {
  const { data, service, client } = await upWithDoor()
  await client.publishAsync('lintel/v1/front-door/event', JSON.stringify(passage('1')), { qos: 1 })
  const endpoint = () =>
    JSON.parse(readFileSync(join(data, 'run', 'gateway.json'), 'utf8')) as { pid: number }
  const { pid } = endpoint()
  process.kill(pid, 'SIGKILL')
  await expect
    .poll(() => existsSync(join(data, 'run', 'gateway.json')) && endpoint().pid !== pid, { timeout: 15_000 })
    .toBe(true)
  await expect
    .poll(async () => (await service.operations.ledger()).total, { timeout: 10_000 })
    .toMatchObject({ stored: 1, difference: 0 })
})

async function ledgerOf(data: string) {
  const { code, stdout } = await lintel('ledger', '--data', data, '--json', '--total')
  return { code, ...(JSON.parse(stdout) as { total: object }) }
}
