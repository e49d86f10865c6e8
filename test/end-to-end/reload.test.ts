import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { connectAsync } from 'mqtt'
import { expect, onTestFinished, test } from 'vitest'
import { startService } from '../../bench/service.ts'
import { dataPaths, findEndpoint } from '../../core/data-directory.ts'
import { createAuthority, type Issued } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { needsProgram } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const withinMs = 30_000

async function startTls() {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  const authority = createAuthority(directory, 'ca')
  const install = ({ certFile, keyFile }: Issued) => {
    copyFileSync(certFile, at('server.pem'))
    copyFileSync(keyFile, at('server.key'))
  }
  install(authority.issue('localhost'))
  const tls = { host: '127.0.0.1', port: 0, certFile: at('server.pem'), keyFile: at('server.key') }
  const configure = (change: object) =>
    writeFileSync(at('lintel.json'), JSON.stringify({ tagger: { workers: 0 }, mqtt: { tls }, ...change }))
  configure({})
  const data = at('data')
  const service = await startService(data, 0, ['--config', at('lintel.json')])
  onTestFinished(() => service.stop())
  const lines = () =>
    service
      .log()
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(
        line =>
          JSON.parse(line) as { name: string; msg: string; tls?: { port: number } } & Record<string, unknown>,
      )
  const { port } = lines().find(({ tls }) => tls !== undefined)!.tls!
  const ca = readFileSync(authority.caFile)
  /** Sends SIGHUP and waits until a process has said so. */
  const hangUp = async (text: RegExp) => {
    const before = lines().length
    process.kill(service.pid, 'SIGHUP')
    return eventually(
      () =>
        lines()
          .slice(before)
          .find(({ msg }) => text.test(msg)) ?? false,
      withinMs,
    )
  }
  const serial = () =>
    new Promise<string>((resolve, reject) => {
      const socket = tlsConnect({ host: '127.0.0.1', port, ca }, () => {
        resolve(socket.getPeerCertificate().serialNumber)
        socket.destroy()
      })
      socket.on('error', reject)
    })
  return { data, at, authority, install, configure, service, port, ca, hangUp, serial, lines }
}

test('SIGHUP takes a renewed certificate, channels and the level of the log; nothing ends, and what is wrong is told', async context => {
  needsProgram(context, 'openssl', 'apt-get install openssl')
  const node = await startTls()
  const { service, data, at, authority, serial, hangUp } = node
  const endpoints = () => (['api', 'gateway'] as const).map(name => findEndpoint(dataPaths(data), name)?.pid)
  const pids = endpoints()
  const { token } = (await service.operations.addDevice({ device: 'd1', kind: 'terminal', site: 's', building: 'b', point: 'p' })) as { token: string } // biome-ignore format: one line
  const device = await connectAsync(`mqtts://127.0.0.1:${node.port}`, { clientId: 'd1', username: 'd1', password: token, ca: node.ca, reconnectPeriod: 0 }) // biome-ignore format: one line
  onTestFinished(() => device.endAsync(true))
  const first = await serial()

  node.install(authority.issue('localhost'))
  writeFileSync(at('hook'), 'http://127.0.0.1:9/')
  node.configure({
    log: { level: 'warn' },
    alerts: { channels: { hook: { kind: 'webhook', urlFile: at('hook') } } },
    http: { maxConnections: 99 },
  })
  expect(await hangUp(/is read again/)).toMatchObject({
    name: 'supervisor',
    taken: expect.arrayContaining(['log.level', 'alerts.channels']),
    waiting: ['http.maxConnections'],
    msg: expect.stringMatching(/a restart is needed for http\.maxConnections$/),
  })
  await eventually(async () => expect(await serial()).not.toBe(first), withinMs)
  const second = await serial()
  await eventually(
    async () => expect(await service.operations.listChannels()).toMatchObject([{ name: 'hook' }]),
    withinMs,
  )
  // The connection of before is still open, and what it sends is acked.
  const passage = { id: '1', type: 'passage', time: new Date().toISOString(), data: { direction: 'in', result: 'granted', method: 'card' } } // biome-ignore format: one line
  await device.publishAsync('lintel/v1/d1/event', JSON.stringify(passage), { qos: 1 })
  expect(device.connected).toBe(true)

  writeFileSync(at('server.pem'), 'no certificate')
  expect(await hangUp(/is not taken/)).toMatchObject({
    code: 'CONFIG_INVALID',
    error: expect.stringMatching(/^mqtt\.tls: /),
  })
  writeFileSync(at('lintel.json'), '{ "mqt": {} }')
  expect(await hangUp(/is not taken/)).toMatchObject({
    error: expect.stringMatching(/unknown key mqt \(did you mean mqtt\?\)/),
  })
  expect(await serial()).toBe(second)
  expect(endpoints()).toEqual(pids)
}, 120_000)
