import { expect, onTestFinished, test } from 'vitest'
import { startService } from '../../bench/service.ts'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { version } from '../../core/version.ts'
import { lintel } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('status says that it does not run, that it runs, and what it is like, by its exit code, too', async () => {
  const data = await temporaryDirectory()
  const before = await lintel('status', '--data', data)
  expect([before.code, before.stdout]).toEqual([
    3,
    `lintel is not running on ${data}: lintel up --data ${data} starts it\n`,
  ])
  const service = await startService(data)
  onTestFinished(() => service.stop())
  await service.operations.addDevice({ device: 'd1', kind: 'terminal', site: 's', building: 'b', point: 'p' })

  const { url } = findEndpoint(dataPaths(data), 'api')!
  const ready = await fetch(`${url}/readyz`)
  expect([(await fetch(`${url}/healthz`)).status, ready.status, await ready.json()]).toEqual([
    200,
    200,
    { status: 'ready' },
  ])

  const text = await lintel('status', '--data', data)
  expect([text.code, text.stdout]).toEqual([
    0,
    expect.stringMatching(/^lintel \S+ is running, since .*\n {2}MQTT .* \(tcp\)\n/),
  ])
  expect(text.stdout).toMatch(/0 connected, 1 enrolled/)
  const json = await lintel('status', '--data', data, '--json')
  expect(JSON.parse(json.stdout)).toMatchObject({
    running: true,
    version,
    http: url,
    devices: 1,
    gateway: { listening: { tcp: { port: service.mqtt.port } }, connected: 0 },
  })
}, 90_000)

test('the version is told by a command and by two options', async () => {
  const told = await Promise.all(
    [['version'], ['-v'], ['--version'], ['version', '--json']].map(args => lintel(...args)),
  )
  expect(told.map(({ code, stdout }) => [code, stdout.trim()])).toEqual([
    [0, version],
    [0, version],
    [0, version],
    [0, JSON.stringify({ version, node: process.versions.node })],
  ])
}, 60_000)
